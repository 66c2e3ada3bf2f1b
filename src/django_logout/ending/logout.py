"""Log one browser out: Django's ``logout()``, made true."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError

from django_logout.conf import logout_settings
from django_logout.ending.pipeline import _end, _shielded
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded
from django_logout.guard.install import guard
from django_logout.guard.presented import clear_sessions, set_anonymous_user
from django_logout.guard.store import LOGIN_KEYS
from django_logout.types import LogoutResult, Target

if TYPE_CHECKING:
    from django.http import HttpRequest


def logout(
    request: HttpRequest, *, keep: Collection[str] | None = None, everywhere: bool = False
) -> LogoutResult:
    """Log the browser of this request out: Django's ``logout()``, made true.

    ``keep`` names session keys to carry into the fresh session (the guest cart, a theme); by
    default those of ``LOGOUT["KEEP_SESSION_KEYS"]``, which is none. Sends ``user_logged_out`` as Django does,
    but receivers that raise are logged and keep nobody signed in.

    With ``everywhere`` all other sessions of the user end too.

    Raises :class:`SessionNotEnded`; then the session and its cookie are as they were.
    """
    return _logout(request, getattr(request, "user", None), keep, everywhere)


async def alogout(
    request: HttpRequest, *, keep: Collection[str] | None = None, everywhere: bool = False
) -> LogoutResult:
    """Like :func:`logout`. A client that hangs up does not cancel it."""
    with _translate_user_errors():
        user = await request.auser() if hasattr(request, "auser") else None
    return await _shielded(partial(_logout, request, user, keep, everywhere))


def _logout(
    request: HttpRequest, user: Any, keep: Collection[str] | None, everywhere: bool
) -> LogoutResult:
    session: Any = request.session
    state = guard(session)
    with _translate_user_errors():
        user = user if getattr(user, "is_authenticated", False) else None
    kept = _kept(session, logout_settings().KEEP_SESSION_KEYS if keep is None else keep)
    if state.key_unknown and not session.engine.reachable():
        raise SessionNotEnded("The session store does not answer.")
    end = partial(_end, reason=Reason.USER, actor=user, request=request)
    everywhere = everywhere and user is not None
    result = end(Target.user(user) if everywhere else Target.current(request))
    if everywhere and state.duplicate_cookies:  # another account's, under a second cookie
        end(Target.current(request))
    # After the ending, so that a receiver cannot stop it; before the session is emptied, since
    # Django's contract lets receivers look at who was signed in and at what the session held.
    state.announcing = True
    try:
        user_logged_out.send_robust(sender=user.__class__, request=request, user=user)
    finally:
        state.announcing = False
    clear_sessions(request)
    if kept:
        session.update(kept)
    set_anonymous_user(request)
    state.logged_out = True
    return result


def end_for_django_logout(request: HttpRequest, user: Any) -> None:
    """Django's own ``logout()`` is under way: end the session; Django empties it right after."""
    _end(Target.current(request), reason=Reason.USER, actor=user, request=request)
    set_anonymous_user(request)
    guard(request.session).logged_out = True


@contextmanager
def _translate_user_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:  # the session is there, the user's row cannot be had
        raise SessionNotEnded("Nobody can tell who is logged in.") from error


def _kept(session: Any, keys: Collection[str]) -> dict[str, Any]:
    if refused := [key for key in keys if key in LOGIN_KEYS]:
        raise ValueError(f"logout() cannot keep {refused}: that is what makes a session signed in.")
    return {key: session[key] for key in keys if key in session}
