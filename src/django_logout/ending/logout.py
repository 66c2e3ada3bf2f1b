"""Log one browser out: Django's ``logout()``, made true."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import Error
from django.db.models import Model
from django.http import HttpRequest

from django_logout.conf import logout_settings
from django_logout.ending.context import logins_in_cookies
from django_logout.ending.pipeline import run_ending, run_shielded
from django_logout.enums import SESSION, Reason, Scope
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.identified import is_identified_anyway
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.install import session_and_state, state_of
from django_logout.guard.presented import ANNOUNCING, set_anonymous_user
from django_logout.sessions import registry
from django_logout.sessions.identity import LOGIN_KEYS
from django_logout.types import LogoutResult, Outcome, Target

logger = logging.getLogger("django_logout")


def logout(
    request: HttpRequest, *, keep: Collection[str] | None = None, everywhere: bool = False
) -> LogoutResult:
    """Log out the browser of this request: Django's ``logout()``, made true.

    ``keep`` names session keys to carry into the fresh session (the cart of a guest, a theme); the
    default is ``LOGOUT["KEEP_SESSION_KEYS"]``, which is empty. With ``everywhere``, all other
    sessions of the user end too. ``user_logged_out`` is sent as Django sends it, but a receiver
    that raises is logged and does not stop the logout.

    Raises :class:`SessionNotEnded`; then the session and its cookie are unchanged.
    """
    return _logout(request, getattr(request, "user", None), keep, everywhere)


async def alogout(
    request: HttpRequest, *, keep: Collection[str] | None = None, everywhere: bool = False
) -> LogoutResult:
    """Like :func:`logout`; a client that disconnects does not cancel it."""
    with _translate_errors():
        user = (
            await request.auser() if hasattr(request, "auser") else getattr(request, "user", None)
        )
    return await run_shielded(partial(_logout, request, user, keep, everywhere))


def _logout(
    request: HttpRequest, user: Any, keep: Collection[str] | None, everywhere: bool
) -> LogoutResult:
    session, state = session_and_state(request)
    if session is None:
        return _logout_without_session(request, user, everywhere)
    cookie_logins = logins_in_cookies(request)
    with _translate_errors():
        user = user if getattr(user, "is_authenticated", False) else None
        kept = _kept(session, logout_settings().KEEP_SESSION_KEYS if keep is None else keep)
        identified = is_identified_anyway(request, user, session) or None in cookie_logins
    run = partial(run_ending, actor=user, request=request)
    # An impersonator cannot end the other sessions of the user who is impersonated.
    everywhere = everywhere and user is not None and get_impersonator(request) is None
    current = Target(Scope.CURRENT, request)  # run_ending() checks the request.
    target, reason = (_all_of(user), Reason.EVERYWHERE) if everywhere else (current, Reason.USER)
    result, presented = run(target, reason=reason, cookie_logins=cookie_logins)
    if everywhere and state.duplicate_cookies:  # they may be sessions of another account
        beside, presented = run(current, reason=Reason.USER)
        result = result.with_failures([Outcome(SESSION, left=beside.left)])
    # After the ending, so that no receiver can stop it. Before the session is emptied, since
    # Django's contract lets receivers see who was logged in and what the session held.
    vars(request)[ANNOUNCING] = True
    try:
        user_logged_out.send_robust(sender=user.__class__, request=request, user=user)
    finally:
        del vars(request)[ANNOUNCING]
    presented.log_out()
    if kept:
        session.update(kept)
    return result.without_credential() if identified else result


def _all_of(user: Any) -> Target:
    account = registry.account_of(user) if isinstance(user, Model) else ""
    if account:
        return Target.sessions(registry.sessions().filter(account=account))
    return Target.user(user)


def _logout_without_session(request: HttpRequest, user: Any, everywhere: bool) -> LogoutResult:
    """Revoke the credential of a request without a session, and empty what it has in place of one."""
    user = user if getattr(user, "is_authenticated", False) else None
    identified = is_identified_anyway(request, user, None)
    target, reason = Target.current(request), Reason.USER
    if everywhere and user is not None:
        target, reason = _all_of(user), Reason.EVERYWHERE
    result, _ = run_ending(target, reason=reason, actor=user, request=request)
    user_logged_out.send_robust(sender=user.__class__, request=request, user=user)
    stand_in: Any = getattr(request, "session", None)
    empty = getattr(stand_in, "flush", getattr(stand_in, "clear", None))
    if callable(empty):
        empty()
    set_anonymous_user(request)
    return result.without_credential() if identified else result


def end_for_django_logout(request: HttpRequest, user: Any) -> None:
    """End the session while Django's own ``logout()`` runs; Django empties it right after."""
    run_ending(Target.current(request), reason=Reason.USER, actor=user, request=request)
    set_anonymous_user(request)
    state_of(request).logged_out = True


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except SessionUnavailable as error:
        raise SessionNotEnded("The session could not be loaded.") from error
    except Error as error:  # the session can be loaded, but not the row of its user
        logger.exception("The user of this session could not be loaded.")
        raise SessionNotEnded("The user of this session could not be loaded.") from error


def _kept(session: Any, keys: Collection[str]) -> dict[str, Any]:
    if isinstance(keys, str) or not isinstance(keys, Collection):
        raise TypeError(
            f'keep takes names of session keys, not {type(keys).__name__}. Write keep=("cart",).'
        )
    if refused := [key for key in keys if key in LOGIN_KEYS]:
        raise ValueError(f"logout() cannot keep {refused}: with it the session stays logged in.")
    return {key: session[key] for key in keys if key in session}
