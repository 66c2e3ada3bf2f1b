"""List a user's sessions and tokens, one page at a time, for views, template tags and APIs."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, Max, Q, QuerySet, When, Window
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from django_logout import hooks
from django_logout.conf import logout_settings
from django_logout.enums import SESSION
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import presented_ids
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.responses.messages import IMPERSONATED, explain_reason
from django_logout.revokers import runner
from django_logout.sessions import registry, timeouts
from django_logout.types import Credential, Target
from django_logout.utils.redirects import reverse_here
from django_logout.web.session_rows import RowsOfPage, describe_row, group_key
from django_logout.web.told import find_told

#: The query parameter with the words that are searched for.
SEARCH = "find"
#: The number of other sessions above which the page can be searched.
SEARCHABLE = 10
#: The number of recent endings that the page shows, and how old they may be.
ENDINGS = 5
RECENT = timedelta(days=30)


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
    def search(self) -> str:
        """The words that the query of the URL searches for."""
        given = self.request.GET.get(SEARCH, "")[:100]
        return "".join(filter(str.isprintable, given)).strip()

    @cached_property
    def page(self) -> Page[LoginSession | Credential]:
        """The page that the query of the URL names, with the current session."""
        first = Case(When(pk=self.current_id, then=0), default=1)
        sessions = self._active_sessions.filter(self._found)
        ordered = sessions.order_by(first, "-last_seen_at", "pk")
        return self._paged(_SessionsAndTokens(sessions.count(), ordered, self._found_tokens()))

    @cached_property
    def others_page(self) -> Page[LoginSession | Credential]:
        """The page that the query of the URL names, without the current session, device by device:
        first the device that was used last."""
        return self._paged(self._own_and_others)

    @cached_property
    def own(self) -> list[LoginSession]:
        """The current session; nothing if it has ended or expired."""
        return self._own_and_others.own

    def query(self, page_number: int) -> str:
        """Return the query of the URL of another page."""
        search = {SEARCH: self.search} if self.search else {}
        return urlencode({**search, "page": page_number})

    def others(self) -> list[LoginSession | Credential]:
        """Return the rows of the page without the current session."""
        return list(self.others_page)

    def data(self) -> list[dict[str, Any]]:
        """Return the rows of the page as JSON has them."""
        return self.describe(self.page)

    def describe(self, rows: Iterable[LoginSession | Credential]) -> list[dict[str, Any]]:
        """Return rows as JSON has them."""
        return [describe_row(row, self._rows.limits, self.current_id) for row in rows]

    def show(self, rows: Iterable[LoginSession | Credential]) -> list[dict[str, Any]]:
        """Return rows as a page shows them."""
        return [self._rows.show(row) for row in rows]

    @property
    def has_tokens(self) -> bool:
        """Whether the user has tokens that end with all other sessions."""
        return any(map(self.is_app, self.tokens))

    def is_app(self, row: LoginSession | Credential) -> bool:
        """Return whether this is the login of an app, which ends with all other sessions."""
        return row.kind != SESSION and row.kind not in self._rows.keys

    @property
    def has_api_keys(self) -> bool:
        """Whether the user has tokens that are exempt from that."""
        return any(token.kind in self._rows.keys for token in self.tokens)

    def context(self) -> dict[str, Any]:
        """Return the context of ``django_logout/session_list.html``."""
        reverse, page = self._reverse, self.others_page
        self._find_sites(
            [*self._own_ids, *(row.pk for row in page if isinstance(row, LoginSession))]
        )
        totals = Counter(map(group_key, self.tokens))
        groups = self._rows.group(page, totals)
        here = self.show(self.own)
        for row in here:
            row["end_url"] = reverse_here(self.request, "logout") or row["end_url"]
        return {
            "current": next(iter(here), None),
            "groups": groups,
            "sessions": [*here, *(row for group in groups for row in group.rows)],
            "page_obj": page,
            "previous_query": page.has_previous() and self.query(page.number - 1),
            "next_query": page.has_next() and self.query(page.number + 1),
            "search": self.search,
            "search_name": SEARCH,
            "searchable": bool(self.search) or page.paginator.count > SEARCHABLE,
            "has_others": bool(self.search) or page.paginator.count > 0,
            "selected_url": reverse("logout_selected"),
            "others_url": reverse("logout_others"),
            "everywhere_url": reverse("logout_everywhere"),
            "has_tokens": self.has_tokens,
            "has_api_keys": self.has_api_keys,
            "impersonated": IMPERSONATED if self._is_impersonated else "",
        }

    def endings(self) -> list[dict[str, Any]]:
        """Return the user's sessions that have ended recently, with their reasons."""
        ended = registry.sessions().filter(user_id=self.user.pk, origin__isnull=True)
        ended = ended.filter(ended_at__gt=timezone.now() - RECENT, event__isnull=False)
        ended = ended.annotate(reason=F("event__reason")).order_by("-ended_at")[:ENDINGS]
        told = find_told({row.event_id for row in ended if row.event_id})
        return [
            {
                **self._rows.show(row),
                "ended": self._rows.since(row.ended_at),
                "reason": explain_reason(row.reason),
                # Once for an ending of several sessions.
                "told": told.pop(row.event_id, []) if row.event_id else [],
            }
            for row in ended
        ]

    def rows(self, ids: Iterable[UUID]) -> list[LoginSession | Credential]:
        """Return those of the user's sessions and tokens that have these ids and are active."""
        wanted = set(ids)
        sessions = session_limits.active_sessions(self.user, self.request).filter(pk__in=wanted)
        tokens = [token for token in self.tokens if token.id in wanted]
        return [*sessions.order_by("-last_seen_at", "pk"), *tokens]

    def target(self, row_id: UUID) -> Target | None:
        """Return the target that ends one of these sessions or tokens; ``None`` if the user has
        none with this id."""
        return next(iter(self.targets([row_id])), None)

    def targets(self, ids: Iterable[UUID]) -> list[Target]:
        """Return the targets that end those of the user's sessions and tokens that have these ids."""
        wanted, targets = set(ids), []
        rows = registry.sessions().filter(pk__in=wanted, user_id=self.user.pk)
        if found := list(rows.values_list("pk", flat=True)):
            targets = [Target.sessions(found) if len(found) > 1 else Target.session(found[0])]
        if wanted.difference(found):
            tokens = (token.id for token in self.tokens if token.id in wanted)
            targets += [Target.credential(self.user, token_id) for token_id in tokens]
        return targets

    @cached_property
    def _own_ids(self) -> list[UUID]:
        return [] if self.current_id is None else [self.current_id]

    @cached_property
    def _rows(self) -> RowsOfPage:
        exempt = frozenset(logout_settings().EXEMPT_CREDENTIALS)
        return RowsOfPage(
            limits=timeouts.limits_for(logout_settings(), self.user, self.request),
            current_id=self.current_id,
            titles={**runner.titles(), **dict.fromkeys(exempt, _("API key")), SESSION: ""},
            keys=exempt,
            end_url=lambda row_id: self._reverse("logout_session_end", session_id=row_id),
        )

    @cached_property
    def _is_impersonated(self) -> bool:
        return get_impersonator(self.request) is not None

    def _reverse(self, name: str, **arguments: Any) -> str:
        """Return the URL of a view that ends sessions; none to an administrator who acts as the
        user, to whom each of these views says no."""
        return "" if self._is_impersonated else reverse_here(self.request, name, **arguments)

    def _find_sites(self, ids: list[UUID]) -> None:
        """Ask through which sites the sessions of the page were logged in."""
        for find in hooks.session_titles:
            self._rows.sites.update(find(ids))

    @property
    def _active_sessions(self) -> QuerySet[LoginSession]:
        return session_limits.active_sessions(self.user, self.request)

    @cached_property
    def _own_and_others(self) -> "_OwnAndOthers":
        own = Q(pk__in=self._own_ids)
        others = self._found & ~own
        device: dict[str, Any] = {"partition_by": [F("kind"), F("device")]}
        total = Count("pk", filter=others)
        sessions = self._active_sessions.filter(own | others).annotate(
            others_total=Window(total),
            device_total=Window(total, **device),
            device_seen=Window(Max("last_seen_at", filter=others), **device),
        )
        own_first = Case(When(pk=self.current_id, then=0), default=1)
        in_order = ("-device_seen", "kind", "device", "-last_seen_at", "pk")
        order = {key: n for n, key in enumerate(dict.fromkeys(map(group_key, self.tokens)))}
        tokens = sorted(self._found_tokens(), key=lambda token: order[group_key(token)])
        ordered = sessions.order_by(own_first, *in_order)
        return _OwnAndOthers(ordered, self._own_ids, tokens, self.per_page)

    @cached_property
    def _found(self) -> Q:
        """The condition that all of the words of the search are found in a session."""
        found = Q()
        for word in self._words:
            kinds = [kind for kind in self._rows.titles if word in self._title(kind)]
            address = word.removesuffix("x") if word.endswith((".x", ":x")) else word
            found &= (
                Q(device__icontains=word) | Q(ip_address__startswith=address) | Q(kind__in=kinds)
            )
        return found

    def _found_tokens(self) -> list[Credential]:
        return [
            token
            for token in self.tokens
            if all(
                word in f"{token.label} {self._title(token.kind)}".lower() for word in self._words
            )
        ]

    def _title(self, kind: str) -> str:
        return str(self._rows.titles.get(kind, kind)).lower()

    @cached_property
    def _words(self) -> list[str]:
        # The rows do not hold the word of the reader's language between browser and system.
        between = _("%(browser)s on %(system)s") % {"browser": "", "system": ""}
        return [word for word in self.search.lower().split() if word not in between.lower().split()]

    def _paged(self, rows: Any) -> Page[LoginSession | Credential]:
        return Paginator(rows, self.per_page).get_page(self.request.GET.get("page"))


class _SessionsAndTokens:
    """A sequence of sessions, then tokens. Each slice takes one query."""

    def __init__(
        self, session_count: int, sessions: QuerySet[LoginSession], tokens: list[Credential]
    ) -> None:
        self.session_count, self.sessions, self.tokens = session_count, sessions, tokens

    def __len__(self) -> int:
        return self.session_count + len(self.tokens)

    def __getitem__(self, rows: slice) -> list[LoginSession | Credential]:
        start, stop = (max(0, index - self.session_count) for index in (rows.start, rows.stop))
        return [*self._sessions(rows), *self.tokens[start:stop]]

    def _sessions(self, rows: slice) -> Iterable[LoginSession]:
        return self.sessions[rows]


class _OwnAndOthers(_SessionsAndTokens):
    """The other sessions, then the tokens. The first page, which is the only one in most cases, is
    read with the current session and the number of all others, in one query."""

    def __init__(
        self,
        own_first: QuerySet[LoginSession],
        own_ids: list[UUID],
        tokens: list[Credential],
        per_page: int,
    ) -> None:
        read: list[Any] = list(own_first[: per_page + len(own_ids)])
        self.own: list[LoginSession] = [row for row in read if row.pk in own_ids]
        self._first = read[len(self.own) :][:per_page]
        super().__init__(read[0].others_total if read else 0, own_first, tokens)

    def _sessions(self, rows: slice) -> Iterable[LoginSession]:
        if rows.start == 0:
            return self._first[rows]
        skipped = len(self.own)
        return self.sessions[rows.start + skipped : rows.stop + skipped]
