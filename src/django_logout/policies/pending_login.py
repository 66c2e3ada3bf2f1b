"""A login that has been authenticated, and waits until its user has chosen which sessions end.

Until then no user is logged in. The browser's anonymous session holds the pending login, which is
valid once, for five minutes, and in that browser only: it is signed with a secret that is stored in
a cookie of its own. Neither a copy of the session nor one of the cookie is enough. The pending
login names the id that its session will have, and no two sessions can have the same id.
"""

import logging
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    REDIRECT_FIELD_NAME,
    SESSION_KEY,
    get_user,
    get_user_model,
)
from django.contrib.auth.views import RedirectURLMixin
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import get_random_string

from django_logout import hooks
from django_logout.guard.install import session_of, state_of
from django_logout.sessions import cutoffs, registry
from django_logout.utils import cookies
from django_logout.utils.redirects import resolve_or_log, reverse_here, safe_next

logger = logging.getLogger("django_logout")

#: Session key of the signed pending login, and name of the cookie with its secret.
KEY = "_django_logout_pending_login"
COOKIE = "django_logout_pending_login"
MAX_AGE = timedelta(minutes=5)
SALT = "django_logout.pending_login"

_LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)


class PendingLogin(NamedTuple):
    """A login that can be completed."""

    id: UUID
    "Id of the session that the login will start."
    user: Any
    backend: str
    at: float
    "Time of the authentication, in seconds since the epoch."
    endings: str
    "A hash of the endings of all of the user's sessions that there had been."
    next_url: str
    "URL to which the login leads, with its query."
    notes: dict[str, Any]
    "What other apps have noted of it (``hooks.login_notes``)."


def page_url() -> str:
    """Return the URL of the page to choose on; ``""`` if the project has not included our URLs."""
    return reverse_here(None, "logout_choose")


def sign_pending_login(request: HttpRequest) -> tuple[str, str] | None:
    """Return the refused login of this request, signed, and the secret that verifies it.

    Call it while the session still names the user. ``None`` is returned if there is no page to
    choose on, or if the pending login has been used before.
    """
    pending: PendingLogin | None = state_of(request).pending_login
    login = {key: request.session[key] for key in _LOGIN_KEYS if key in request.session}
    if len(login) < len(_LOGIN_KEYS) or not page_url():
        return None  # The project logs in without login(), or has no such page.
    if pending is None:
        user_pk = get_user_model()._meta.pk.to_python(login[SESSION_KEY])
        notes = {name: note(request) for name, note in hooks.login_notes.items()}
        now = timezone.now().timestamp()
        fields = [str(uuid4()), now, _endings(user_pk), _next_url(request), notes]
    elif registry.row_exists(pending.id):
        return None
    else:  # The user has to choose again for the same login, whose time goes on running.
        fields = [str(pending.id), pending.at, pending.endings, pending.next_url, pending.notes]
    secret = get_random_string(32)
    return signing.dumps([*fields, login], salt=f"{SALT}:{secret}"), secret


def load_pending_login(request: HttpRequest) -> PendingLogin | None:
    """Return the login that this browser may complete.

    ``None`` is returned if it is used, too old, forged, or from another browser, if its user may
    not log in any more, or if all sessions of the user have been ended since.
    """
    session, secret = session_of(request), request.COOKIES.get(COOKIE)
    if session is None or not secret or KEY not in session or SESSION_KEY in session:
        return None
    try:
        fields = signing.loads(session[KEY], salt=f"{SALT}:{secret}", max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    id_text, at, endings, next_url, notes, login = fields
    # As for a session, Django checks that the backend exists, that it knows the user, and that the
    # password is the same.
    holder = HttpRequest()
    holder.session = SessionStore()  # It is stored nowhere, whatever the engine of the project is.
    holder.session.update(login)
    user, session_id = get_user(holder), UUID(id_text)
    if not user.is_authenticated or registry.row_exists(session_id) or _endings(user.pk) != endings:
        return None
    return PendingLogin(session_id, user, login[BACKEND_SESSION_KEY], at, endings, next_url, notes)


def _endings(user_pk: Any) -> str:
    seen = " ".join(sorted(cutoffs.endings_seen(user_pk)))
    return sha256(seen.encode()).hexdigest()


def cancel_pending_login(request: HttpRequest, pending: PendingLogin) -> None:
    """Cancel the login, so that no copy of the session can complete it either."""
    registry.burn_login_id(pending.id, pending.user)
    request.session.pop(KEY, None)


def set_cookie(response: HttpResponse, secret: str) -> None:
    """Store the secret of the pending login in the browser."""
    cookies.set_cookie_like_session(response, COOKIE, secret, max_age=MAX_AGE, httponly=True)


def delete_cookie(response: HttpResponse) -> None:
    """Delete the secret from the browser."""
    cookies.delete_cookie_like_session(response, COOKIE)


def _next_url(request: HttpRequest) -> str:
    """Return the URL to which the login leads.

    A view of Django's kind is asked for it. For any other view, the form or the URL names it.
    """
    match = getattr(request, "resolver_match", None)
    view_class = getattr(match and match.func, "view_class", object)
    if match is not None and issubclass(view_class, RedirectURLMixin):
        try:
            view: Any = view_class(**match.func.view_initkwargs)
            view.setup(request, *match.args, **match.kwargs)
            return str(view.get_success_url())
        except Exception:  # The view may need what it sets up only later, e.g. its form.
            logger.exception("The view of a login could not name the URL to which it leads.")
    candidate = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME))
    return safe_next(request, candidate, {request.get_host()}) or resolve_or_log(
        settings.LOGIN_REDIRECT_URL
    )
