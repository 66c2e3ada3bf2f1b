"""Calls of the public functions, as a project makes them, for type checkers: it is never run.

A line with a ``type: ignore`` has to be an error: the checkers report an ignore that is not
needed.
"""

from typing import assert_type
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from django_logout import (
    EndedSession,
    LoginRefused,
    LogoutError,
    LogoutResult,
    Reason,
    Target,
    aend_sessions,
    alogout,
    credentials_changed,
    end_sessions,
    impersonate,
    logout,
    stop_impersonating,
)
from django_logout.decorators import storable
from django_logout.views import ends_sessions

session_id: UUID = UUID(int=0)


def endings(request: HttpRequest, user: User) -> None:
    """Each target, and each argument."""
    result = end_sessions(Target.user(user), reason=Reason.ADMIN, actor=user, request=request)
    assert_type(result, LogoutResult)
    end_sessions(Target.users(User.objects.filter(is_active=False)), reason="contract_ended")
    end_sessions(Target.session(session_id))
    end_sessions(Target.session(str(session_id)))
    end_sessions(Target.sessions([session_id]))
    end_sessions(Target.others(request))
    end_sessions(Target.current(request))
    end_sessions(Target.everyone(), progress=lambda done, total: None)
    end_sessions(Target.credential(user, session_id).including_exempt())
    assert_type(logout(request, keep=["cart"]), LogoutResult)
    credentials_changed(user, request=request)
    impersonate(request, user)
    assert_type(stop_impersonating(request), bool)


def mistakes(request: HttpRequest, user: User) -> None:
    """What fails at the call fails before, too."""
    end_sessions(user)  # type: ignore[arg-type]
    end_sessions(Target.user(5))  # type: ignore[arg-type]
    end_sessions(Target.user("ann"))  # type: ignore[arg-type]
    end_sessions(Target.users([5]))  # type: ignore[arg-type]
    end_sessions(Target.users(user))  # type: ignore[arg-type]
    end_sessions(Target.session(5))  # type: ignore[arg-type]
    end_sessions(Target.sessions([5]))  # type: ignore[list-item]
    end_sessions(Target.current(user))  # type: ignore[arg-type]
    end_sessions(Target.user(user), reason=5)  # type: ignore[arg-type]
    end_sessions(Target.user(user), actor=5)  # type: ignore[arg-type]
    end_sessions(Target.user(user), request=user)  # type: ignore[arg-type]
    end_sessions(Target.user(user), because="closed")  # type: ignore[call-arg]
    credentials_changed(5)  # type: ignore[arg-type]


async def asynchronous(request: HttpRequest, user: User) -> None:
    """The twins have the same types."""
    assert_type(await aend_sessions(Target.user(user)), LogoutResult)
    assert_type(await alogout(request), LogoutResult)
    await aend_sessions(user)  # type: ignore[arg-type]


def hear(session: EndedSession) -> UUID:
    """A receiver of ``session_ended`` gets such a session."""
    return session.id


def handle(error: LogoutError) -> bool:
    """A project can tell a login that is refused."""
    return isinstance(error, LoginRefused)


@ends_sessions
def leave(request: HttpRequest, page: int) -> HttpResponse:
    """A decorated view keeps its type."""
    return HttpResponse(str(page))


@ends_sessions
async def aleave(request: HttpRequest) -> HttpResponse:
    """So does an asynchronous one."""
    return HttpResponse()


@storable
def price_list(request: HttpRequest, page: int = 1) -> HttpResponse:
    """And one that browsers may store."""
    return HttpResponse(str(page))


async def call_views(request: HttpRequest) -> None:
    """With its arguments and its result."""
    assert_type(leave(request, 1), HttpResponse)
    assert_type(await aleave(request), HttpResponse)
    assert_type(price_list(request, page=2), HttpResponse)
    leave(request)  # type: ignore[call-arg]
    leave(request, "one")  # type: ignore[arg-type]
    price_list(request, size=2)  # type: ignore[call-arg]
