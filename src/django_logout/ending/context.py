"""What every step of an ending has to know: found once, and carried."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.http import HttpRequest

from django_logout.enums import Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.guard.impersonation import load_pk
from django_logout.guard.presented import PresentedSessions
from django_logout.revokers import runner
from django_logout.revokers.cookies import values_to_delete
from django_logout.sessions import engines, registry
from django_logout.sessions.caches import OpenCache
from django_logout.sessions.engines import Engine
from django_logout.types import Target
from django_logout.utils.arguments import check_user


@dataclass(frozen=True, slots=True)
class EndingContext:
    """The project's parts, and the browser, that one ending works on."""

    database: str
    "The alias of the database that holds the registry."

    engine: Engine
    "The project's session engine."

    cache: OpenCache | None
    "The shared cache that holds the status of sessions, and has to learn of the ending."

    presented: PresentedSessions
    "The sessions that the request presents: the one that is to be logged out, or that asks."

    with_change: bool
    "Whether the sessions end because of a change of the account, and with its transaction."


def prepare_ending(
    target: Target,
    request: HttpRequest | None,
    *,
    with_change: bool,
    cookie_logins: Sequence[UUID | None] | None = None,
) -> EndingContext:
    """Find what an ending of ``target`` needs, before anything is changed.

    ``cookie_logins`` is what :func:`logins_in_cookies` has found, if it has been asked already.

    Raises ``TypeError`` or ``ValueError`` for the sessions of what is no user who is logged in, and
    :class:`SessionNotEnded` if the ending could not be finished: the cache cannot be
    written, the sessions of the request cannot be read, or autocommit is off outside a transaction.
    """
    _check_owner(target)
    database, engine = registry.database(), engines.current_engine()
    cache = status_cache.require_writable(engine)
    connection = connections[database]
    # Not get_autocommit(), which connects: an ending of nothing needs no database. A connection that
    # is not open yet begins as the settings say.
    is_open = connection.connection is not None
    autocommit = connection.autocommit if is_open else connection.settings_dict["AUTOCOMMIT"]
    if not (connection.in_atomic_block or autocommit):
        raise SessionNotEnded("Autocommit is off: call this within transaction.atomic().")
    if target.scope in {Scope.CURRENT, Scope.OTHERS}:
        request = target.value
    presented = PresentedSessions.of(request, must_be_known=target.scope is Scope.CURRENT)
    if target.scope is Scope.CURRENT and request is not None:
        # Their cookies are deleted with the session, and a copy of them must not outlive it.
        found = logins_in_cookies(request) if cookie_logins is None else cookie_logins
        logins = [login_id for login_id in found if login_id is not None]
        presented = presented._replace(ids=list(dict.fromkeys([*presented.ids, *logins])))
    return EndingContext(database, engine, cache, presented, with_change)


def _check_owner(target: Target) -> None:
    """Check the user whose sessions end, who may be lazy: then the target was made without a look."""
    if target.scope is Scope.OTHERS:
        owner = getattr(target.value, "user", None)
        load_pk(owner)
        if not getattr(owner, "is_authenticated", False):
            raise ValueError("Target.others() takes the request of a user who is logged in.")
        if registry.account_of(owner):
            raise TypeError("Target.others() takes the request of a user of AUTH_USER_MODEL.")
    elif target.scope is Scope.USER:
        load_pk(target.value)
        check_user("Target.user()", target.value)


def logins_in_cookies(request: HttpRequest) -> list[UUID | None]:
    """Return the logins of the tokens in the cookies that are deleted with a request's session.

    ``None`` stands for a token that names no login, and so cannot be ended.
    """
    values = values_to_delete(request)
    return runner.logins_of_tokens(values) if values else []
