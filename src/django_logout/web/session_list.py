"""One page of a user's sessions and tokens, for whoever shows it: view, tag or program."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from django_logout.conf import logout_settings
from django_logout.enums import SESSION
from django_logout.guard.presented import presented
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.revokers import runner
from django_logout.sessions import timeouts
from django_logout.sessions.devices import spoken
from django_logout.sessions.timeouts import Limits
from django_logout.types import Credential
from django_logout.utils.redirects import reverse_here


class Listing:
    """The sessions of a request's user, this one first, then by when they were last used; after
    them the tokens that let programs in."""

    def __init__(self, request: HttpRequest, per_page: int) -> None:
        self.request = request
        self.per_page = per_page

    @cached_property
    def here(self) -> UUID | None:
        """Id of the session, or else the token, that looks at them."""
        return next(iter(presented(self.request)), None) or runner.presented(self.request)

    @cached_property
    def tokens(self) -> list[Credential]:
        """What lets programs in, beside sessions."""
        return runner.credentials(self.request.user)

    @cached_property
    def limits(self) -> Limits:
        """When they expire by themselves."""
        return timeouts.limits_for(logout_settings(), self.request.user, self.request)

    @cached_property
    def page(self) -> Page[LoginSession | Credential]:
        """That part of them which the query of the URL names."""
        first = Case(When(pk=self.here, then=0), default=1)
        mine = session_limits.active_sessions(self.request.user, self.request)
        found = mine.defer("session_key", "rotated_from")
        found = found.order_by(first, "-last_seen_at", "pk")
        both: Any = _Both(found, self.tokens)
        return Paginator(both, self.per_page).get_page(self.request.GET.get("page"))

    def data(self) -> list[dict[str, Any]]:
        """For programs."""
        return [describe_row(row, self.limits, self.here) for row in self.page]

    def context(self) -> dict[str, Any]:
        """For ``django_logout/session_list.html``."""
        spared = logout_settings().EXEMPT_CREDENTIALS
        return {
            "sessions": [
                row | self._shown(of) for row, of in zip(self.data(), self.page, strict=True)
            ],
            "page_obj": self.page,
            "just_now": timezone.now() - timedelta(minutes=1),
            "others_url": reverse_here(self.request, "logout_others"),
            "everywhere_url": reverse_here(self.request, "logout_everywhere"),
            "has_tokens": any(row.kind not in spared for row in self.tokens),
            "has_api_keys": any(row.kind in spared for row in self.tokens),
        }

    @cached_property
    def _titles(self) -> dict[str, Any]:
        spared = dict.fromkeys(logout_settings().EXEMPT_CREDENTIALS, _("API key"))
        return {**runner.titles(), **spared, SESSION: ""}

    def _shown(self, row: LoginSession | Credential) -> dict[str, Any]:
        session_id = row.pk if isinstance(row, LoginSession) else row.id
        return {
            "end_url": reverse_here(self.request, "logout_session_end", session_id=session_id),
            "title": self._titles.get(row.kind, row.kind),
        }


class _Both:
    """Sessions, then tokens, as one sequence: with one query for its length, and one for a part."""

    def __init__(self, sessions: QuerySet[LoginSession], tokens: list[Credential]) -> None:
        self.sessions, self.tokens = sessions, tokens
        self.count_of_sessions = sessions.count()

    def __len__(self) -> int:
        return self.count_of_sessions + len(self.tokens)

    def __getitem__(self, part: slice) -> list[LoginSession | Credential]:
        begin, end = (max(0, at - self.count_of_sessions) for at in (part.start, part.stop))
        return [*self.sessions[part], *self.tokens[begin:end]]


def describe_row(
    row: LoginSession | Credential, ages: Limits, here: UUID | None = None
) -> dict[str, Any]:
    """A session or a token, as the JSON has it; ``here`` is the id of that which looks."""
    if isinstance(row, Credential):
        about: dict[str, Any] = {"id": row.id, "last_seen_at": row.last_used_at, "ip_address": None}
        device, ends = row.label, row.expires_at
    else:
        about = {"id": row.pk, "last_seen_at": row.last_seen_at, "ip_address": row.ip_address}
        device = spoken(row.device)
        ends = timeouts.end(ages, begun=row.authenticated_at, expires=row.expires_at)
    return {
        **about,
        "current": about["id"] == here,
        "created_at": row.created_at,
        "expires_at": ends,
        "device": device,
        "kind": row.kind,
    }
