"""One page of a user's sessions, for whoever shows it: view, tag or program."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, When
from django.http import HttpRequest
from django.utils import timezone

from django_logout import limits
from django_logout.browser import presented
from django_logout.devices import spoken
from django_logout.models import LoginSession
from django_logout.redirects import sibling


class Listing:
    """The sessions of a request's user: this one first, then by when they were last used."""

    def __init__(self, request: HttpRequest, per_page: int) -> None:
        self.request = request
        self.per_page = per_page

    @cached_property
    def here(self) -> UUID | None:
        """Id of the session that looks at them."""
        return next(iter(presented(self.request)), None)

    @cached_property
    def page(self) -> Page[LoginSession]:
        """That part of them which the query of the URL names."""
        first = Case(When(pk=self.here, then=0), default=1)
        mine = limits.living(self.request.user, self.request)
        found = mine.defer("session_key", "rotated_from")
        found = found.order_by(first, "-last_seen_at", "pk")
        return Paginator(found, self.per_page).get_page(self.request.GET.get("page"))

    def data(self) -> list[dict[str, Any]]:
        """For programs."""
        return [described(session, self.here) for session in self.page]

    def context(self) -> dict[str, Any]:
        """For ``django_logout/session_list.html``."""
        return {
            "sessions": [described(row, self.here) | self._urls(row) for row in self.page],
            "page_obj": self.page,
            "just_now": timezone.now() - timedelta(minutes=1),
            "others_url": sibling(self.request, "logout_others"),
            "everywhere_url": sibling(self.request, "logout_everywhere"),
        }

    def _urls(self, session: LoginSession) -> dict[str, str]:
        return {"end_url": sibling(self.request, "logout_session_end", session_id=session.pk)}


def described(session: LoginSession, here: UUID | None = None) -> dict[str, Any]:
    """One session, as the JSON has it; ``here`` is the id of the one that looks."""
    return {
        "id": session.pk,
        "current": session.pk == here,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "ip_address": session.ip_address,
        "device": spoken(session.device),
        "kind": session.kind,
    }
