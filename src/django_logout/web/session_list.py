"""List a user's sessions and tokens, one page at a time, for views, template tags and APIs."""

from datetime import timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from django_logout.conf import logout_settings
from django_logout.enums import SESSION
from django_logout.guard.presented import presented_ids
from django_logout.labels import device_label
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.revokers import runner
from django_logout.sessions import registry, timeouts
from django_logout.sessions.devices import shown_address
from django_logout.sessions.timeouts import Limits
from django_logout.types import Credential, Target
from django_logout.utils.redirects import reverse_here


class Listing:
    """The sessions of a request's user, the current one first and then by last use, followed by
    the tokens."""

    def __init__(self, request: HttpRequest, per_page: int, current_id: UUID | None = None) -> None:
        self.request, self.per_page = request, per_page
        self.user: Any = request.user
        self._current_id = current_id

    @cached_property
    def current_id(self) -> UUID | None:
        """Id of the session, or else of the token, that this request has authenticated with."""
        found = self._current_id or next(iter(presented_ids(self.request)), None)
        return found or runner.presented(self.request)

    @cached_property
    def tokens(self) -> list[Credential]:
        """The user's tokens, with which programs authenticate."""
        return runner.credentials(self.user)

    @cached_property
    def page(self) -> Page[LoginSession | Credential]:
        """The page that the query of the URL names."""
        first = Case(When(pk=self.current_id, then=0), default=1)
        sessions = session_limits.active_sessions(self.user, self.request)
        sessions = sessions.order_by(first, "-last_seen_at", "pk")
        rows: Any = _SessionsAndTokens(sessions, self.tokens)
        return Paginator(rows, self.per_page).get_page(self.request.GET.get("page"))

    def data(self) -> list[dict[str, Any]]:
        """Return the rows of the page as JSON has them."""
        limits = timeouts.limits_for(logout_settings(), self.user, self.request)
        return [describe_row(row, limits, self.current_id) for row in self.page]

    def context(self) -> dict[str, Any]:
        """Return the context of ``django_logout/session_list.html``."""
        exempt, reverse = logout_settings().EXEMPT_CREDENTIALS, partial(reverse_here, self.request)
        titles = {**runner.titles(), **dict.fromkeys(exempt, _("API key")), SESSION: ""}
        sessions = [
            {
                **row,
                "end_url": reverse("logout_session_end", session_id=row["id"]),
                "title": titles.get(row["kind"], row["kind"]),
                "network": shown_address(row["ip_address"]),
            }
            for row in self.data()
        ]
        return {
            "sessions": sessions,
            "page_obj": self.page,
            "just_now": timezone.now() - timedelta(minutes=1),
            "others_url": reverse("logout_others"),
            "everywhere_url": reverse("logout_everywhere"),
            "has_tokens": any(token.kind not in exempt for token in self.tokens),
            "has_api_keys": any(token.kind in exempt for token in self.tokens),
        }

    def target(self, row_id: UUID) -> Target | None:
        """Return the target that ends one of these sessions or tokens; ``None`` if the user has
        none with this id."""
        if registry.sessions().filter(pk=row_id, user_id=self.user.pk).exists():
            return Target.session(row_id)
        if row_id in {token.id for token in self.tokens}:
            return Target.credential(self.user, row_id)
        return None


class _SessionsAndTokens:
    """A sequence of sessions, then tokens. Its length takes one query, and so does each slice."""

    def __init__(self, sessions: QuerySet[LoginSession], tokens: list[Credential]) -> None:
        self.sessions, self.tokens = sessions, tokens
        self.session_count = sessions.count()

    def __len__(self) -> int:
        return self.session_count + len(self.tokens)

    def __getitem__(self, rows: slice) -> list[LoginSession | Credential]:
        start, stop = (max(0, index - self.session_count) for index in (rows.start, rows.stop))
        return [*self.sessions[rows], *self.tokens[start:stop]]


def describe_row(
    row: LoginSession | Credential, limits: Limits, current_id: UUID | None = None
) -> dict[str, Any]:
    """Return a session or a token as JSON has it. ``current_id`` is that of the current one."""
    if isinstance(row, Credential):
        about: dict[str, Any] = {"id": row.id, "last_seen_at": row.last_used_at, "ip_address": None}
        device, expires_at = row.label, row.expires_at
    else:
        about = {"id": row.pk, "last_seen_at": row.last_seen_at, "ip_address": row.ip_address}
        device = device_label(row.device)
        expires_at = timeouts.latest_end(limits, begun=row.authenticated_at, expires=row.expires_at)
    return {
        **about,
        "current": about["id"] == current_id,
        "created_at": row.created_at,
        "expires_at": expires_at,
        "device": device,
        "kind": row.kind,
    }
