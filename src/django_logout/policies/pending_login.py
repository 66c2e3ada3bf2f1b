"""A login that has been proved, and waits for its user to choose which sessions end for it.

Nobody is logged in meanwhile. The browser's anonymous session holds a note of who it was, which
serves once, for five minutes, and in that browser only: it is signed together with a secret that
goes into a cookie of its own. So neither a copy of the session nor one of the cookie is enough.
The note names the id that the session will have; no two logins can have the same.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    REDIRECT_FIELD_NAME,
    SESSION_KEY,
    get_user,
)
from django.contrib.auth.views import RedirectURLMixin
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from django_logout.guard.install import guard
from django_logout.sessions import cutoffs, registry
from django_logout.utils.redirects import safe_next

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("django_logout")

#: Where the session keeps the note, and the browser its half.
KEY = "_django_logout_choice"
COOKIE = "django_logout_choice"
MAX_AGE = timedelta(minutes=5)
SALT = "django_logout.choice"


class PendingLogin(NamedTuple):
    """A login that can be completed."""

    id: UUID
    "Of the session to be."
    user: Any
    backend: str
    at: float
    "When it was proved, in seconds since the epoch."
    next: str
    "Where the login was to lead, query included."


class PendingLoginCookie(NamedTuple):
    """A note as the session is to hold it, and what goes into the cookie."""

    note: str
    secret: str


class Proof(dict[str, Any]):
    """What a session would hold of a login: enough for Django to tell whether it still counts."""

    def flush(self) -> None:
        """Not one that counts."""
        self.clear()

    def cycle_key(self) -> None:
        """Signed with an older ``SECRET_KEY``; there is no key to change."""


def page_url() -> str:
    """Where to choose; ``""`` if the project has not included our URLs."""
    try:
        return reverse("logout_choose")
    except NoReverseMatch:
        return ""


def store(request: HttpRequest) -> PendingLoginCookie | None:
    """Write down the login that is being turned away, while its session still tells whose it is.
    ``None`` where there is no page to choose on, or it is the second use of a note."""
    note: PendingLogin | None = guard(request.session).pending_login
    keys = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
    proof = {key: request.session[key] for key in keys if key in request.session}
    if len(proof) < len(keys) or not page_url():
        return None  # the project logs in by hand, or has no such page
    if note is not None and registry.exists(note.id):
        return None
    if note is None:
        about = [str(uuid4()), timezone.now().timestamp(), _destination(request)]
    else:  # asked again: it is the same login
        about = [str(note.id), note.at, note.next]
    secret = get_random_string(32)
    return PendingLoginCookie(signing.dumps([*about, proof], salt=f"{SALT}:{secret}"), secret)


def load(request: HttpRequest) -> PendingLogin | None:
    """The login that this browser may complete. ``None`` if there is none: used, too old, forged,
    of another browser, of somebody who would not be let in any more, or ended with the sessions
    that there were."""
    session, secret = request.session, request.COOKIES.get(COOKIE)
    if not secret or KEY not in session or SESSION_KEY in session:
        return None
    try:
        written = signing.loads(session[KEY], salt=f"{SALT}:{secret}", max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    session_id, at, whither, proof = written
    note = PendingLogin(UUID(session_id), _user(proof), proof[BACKEND_SESSION_KEY], at, whither)
    return note if _counts(note) else None


def _counts(note: PendingLogin) -> bool:
    proved = datetime.fromtimestamp(note.at, UTC if settings.USE_TZ else None)
    return (
        note.user.is_authenticated
        and not registry.exists(note.id)
        and not cutoffs.all_ended_since(note.user.pk, proved)
    )


def _user(proof: Mapping[str, Any]) -> Any:
    """Asked as of a session: is the backend there, does it know the user, is the password the
    same?"""
    request: Any = SimpleNamespace(session=Proof(proof))
    return get_user(request)


def cancel(request: HttpRequest, note: PendingLogin) -> None:
    """The login is not to come about, from no copy of the note either."""
    registry.burn_login_id(note.id, note.user)
    request.session.pop(KEY, None)


def set_cookie(response: HttpResponse, secret: str) -> None:
    """Give the browser its half of the note."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=MAX_AGE,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )


def delete_cookie(response: HttpResponse) -> None:
    """Take it away again."""
    path, samesite = settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_SAMESITE
    response.delete_cookie(COOKIE, path=path, samesite=samesite)


def _destination(request: HttpRequest) -> str:
    """Where the login would have led: as the view says, if it is one of Django's kind and can say
    it; else as the form or the URL says."""
    match = getattr(request, "resolver_match", None)
    view_class = getattr(match and match.func, "view_class", object)
    if match is not None and issubclass(view_class, RedirectURLMixin):
        try:
            view: Any = view_class(**match.func.view_initkwargs)
            view.setup(request, *match.args, **match.kwargs)
            return str(view.get_success_url())
        except Exception:  # it may want what it would have by then, as the form
            logger.exception("Where a login would have led its view could not say beforehand.")
    asked = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME))
    return safe_next(request, asked, {request.get_host()}) or resolve_url(
        settings.LOGIN_REDIRECT_URL
    )
