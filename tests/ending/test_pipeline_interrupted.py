"""The moments between two steps: what comes in between, and what goes down there."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from django_logout import SessionNotEnded, Target, end_sessions, logout
from django_logout.exceptions import SessionUnavailable
from django_logout.guard import decision
from django_logout.models import LogoutEvent
from tests.clients import LOGOUT, Page, copy_of, logged_in_as
from tests.ending.failing_database import failing
from tests.settings import ENGINES
from tests.timeouts import another_process
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def test_failing_selection_changes_nothing(user: Any) -> None:
    """Before anything has been done."""
    with failing("SELECT"), pytest.raises(SessionNotEnded, match="could not be found out"):
        end_sessions(Target.users(type(user).objects.all()))


def test_when_sessions_cannot_be_deleted_nothing_has_changed(
    ann: Client, settings: Any, user: Any
) -> None:
    """What is essential is not fenced."""
    settings.SESSION_ENGINE = ENGINES["db"]
    ann.force_login(user)
    thief = copy_of(ann)

    with failing("", "DELETE FROM", "django_session"), pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))

    assert logged_in_as(ann) == logged_in_as(thief) == "ann"
    assert not LogoutEvent.objects.exists()


@pytest.mark.parametrize("keep", [(), ("cart",)])
def test_logout_fails_if_the_session_cannot_be_loaded(
    ann: Client, settings: Any, user: Any, keep: tuple[str, ...]
) -> None:
    """Whatever asks for it first."""
    settings.SESSION_ENGINE = ENGINES["db"]
    ann.force_login(user)
    request = RequestFactory().get("/")
    request.user, request.session = user, ann.session.__class__(ann.cookies["sessionid"].value)

    with failing("SELECT", "django_session"), pytest.raises(SessionNotEnded, match="be loaded"):
        logout(request, keep=keep)

    assert logged_in_as(ann) == "ann"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_logout_fails_if_the_user_cannot_be_loaded(
    ann: Client, settings: Any, user: Any, error: type[Exception]
) -> None:
    """The session is there, its user's row cannot be read. A connection that was closed is of
    another class of errors than what the database says."""
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    ann.force_login(user)
    ann.raise_request_exception = False

    with failing("SELECT", type(user)._meta.db_table, error=error):
        response = ann.post(LOGOUT)

    assert response.status_code == 503
    assert "You may still be logged in" in Page(response).text
    assert logged_in_as(ann) == "ann"


def test_a_view_that_makes_an_outage_a_500_of_its_own_is_answered_truly(
    ann: Client, settings: Any, user: Any
) -> None:
    """A view that catches all exceptions catches ours too."""
    settings.SESSION_ENGINE = ENGINES["db"]  # its table is what cannot be read
    ann.force_login(user)

    def view(request: HttpRequest) -> HttpResponse:
        try:
            request.user.get_username()
        except SessionUnavailable:
            return HttpResponse("Oops", status=500)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    with failing("SELECT", "django_session"):
        response = ann.get(OUT)

    assert response.status_code == 503
    assert "sessionid" not in response.cookies
    assert logged_in_as(ann) == "ann"


def test_failing_write_of_activity_does_not_fail_the_request(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no more than a note."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": 0}

    with failing("UPDATE", "django_logout_loginsession"):
        assert logged_in_as(ann) == "ann"

    assert "The time of the last use of a session could not be saved." in caplog.text


def test_a_session_whose_data_cannot_be_deleted_is_refused(
    user: Any, settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged out all the same: the row says so."""
    settings.SESSION_ENGINE = "tests.failing_engine"
    settings.SESSION_FILE_PATH = str(tmp_path)
    client = Client()
    client.force_login(user)
    thief, key = copy_of(client), client.session.session_key

    assert client.post(LOGOUT).status_code == 200

    assert logged_in_as(client) == logged_in_as(thief) == ""
    assert "The data of an ended session could not be deleted; it is refused." in caplog.text
    assert key not in caplog.text


def test_an_ending_between_two_looks_is_seen_by_the_second(
    engine: str, ann: Client, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate has let the session in, and before its age is looked at it has ended."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": lambda user, request: 3600}  # asks for the row
    ask = decision.timeouts_from_row

    def late(*args: Any) -> Any:
        monkeypatch.setattr(decision, "timeouts_from_row", ask)
        end_sessions(Target.user(user), reason="admin")
        return ask(*args)

    ann.get("/write/")
    with another_process():
        monkeypatch.setattr(decision, "timeouts_from_row", late)
        response = ann.get("/private/", follow=True)

    assert b"An administrator ended your session." in response.content
    assert logged_in_as(ann) == ""
