"""Views that save the login as another session, in a request whose own session has ended.

The save raises ``UpdateError``, which says to the client that its session has ended.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from tests.clients import copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
Save = Callable[[HttpRequest, dict[str, Any]], None]


def new_session() -> Any:
    """Return a session of the project's engine, as code makes one."""
    return import_module(django_settings.SESSION_ENGINE).SessionStore()


def copy_in_place(request: HttpRequest, data: dict[str, Any]) -> None:
    """Go on with all data in a new session."""
    request.session = new_session()
    request.session.update(data)
    request.session.save()


def copy_twice(request: HttpRequest, data: dict[str, Any]) -> None:
    """Go on with a new session, and then with one in place of that."""
    request.session = new_session()
    copy_in_place(request, data)


def login_in_place(request: HttpRequest, data: dict[str, Any]) -> None:
    """Go on with nothing but the login in a new session."""
    copy_in_place(request, {name: data[name] for name in LOGIN})


def login_beside(request: HttpRequest, data: dict[str, Any]) -> None:
    """Make another session of the login."""
    session = new_session()
    session.update({name: data[name] for name in LOGIN})
    session.save()


SAVES = [copy_in_place, copy_twice, login_in_place, login_beside]


def assert_told_that_it_has_ended(response: Any) -> None:
    """The client may log in again, and keeps its cookie, which another tab may have received."""
    assert (response.status_code, response.get("Location")) == (302, "/login/?next=/out/")
    assert "sessionid" not in response.cookies
    assert not LoginSession.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize("save", SAVES)
def test_session_that_ends_before_it_is_copied(
    engine: str, ann: Client, user: Any, settings: Any, save: Save
) -> None:
    """Another request has ended it while the view ran."""

    def view(request: HttpRequest) -> HttpResponse:
        data = dict(request.session.items())
        end_sessions(Target.user(user), reason=Reason.ADMIN)
        save(request, data)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    thief = copy_of(ann)

    assert_told_that_it_has_ended(ann.get(OUT))
    assert logged_in_as(ann) == logged_in_as(thief) == ""


@pytest.mark.parametrize("save", [copy_in_place, copy_twice])
def test_session_that_had_ended_before_the_request(
    engine: str, ann: Client, user: Any, settings: Any, save: Save
) -> None:
    """Code has kept its data somewhere else."""
    data = dict(ann.session.items())

    def view(request: HttpRequest) -> HttpResponse:
        request.user.get_username()
        save(request, data)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    end_sessions(Target.user(user), reason=Reason.ADMIN)

    assert_told_that_it_has_ended(ann.get(OUT))
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize("save", SAVES)
def test_session_that_the_view_has_logged_out(
    engine: str, ann: Client, settings: Any, save: Save
) -> None:
    """Code that keeps the login of before has logged out all the same."""

    def view(request: HttpRequest) -> HttpResponse:
        data = dict(request.session.items())
        logout(request)
        save(request, data)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    assert_told_that_it_has_ended(ann.get(OUT))
    assert logged_in_as(ann) == ""
