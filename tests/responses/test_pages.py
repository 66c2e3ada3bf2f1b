"""Nothing in a project keeps a page from being shown that says whether the user is logged out."""

import logging
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import path

from django_logout import Target, end_sessions
from django_logout.ending import pipeline
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.responses.base import Kind, Responder, respond
from django_logout.responses.pages import render_page
from django_logout.utils import static
from django_logout.views import LogoutView
from tests.clients import LOGOUT, SELECTED, SESSIONS, Page, csrf_token, logged_in_as
from tests.urls import urlpatterns as site

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("logged_out", "logout", "not_ended", "session_ended", "sessions", "choose", "base")


class Broken(Exception):
    """Something of the project has failed."""


def fail(*args: Any, **kwargs: Any) -> Any:
    """Stand in for what fails."""
    raise Broken


def failing_processor(request: HttpRequest) -> dict[str, Any]:
    """A context processor, such as one that asks a service."""
    raise Broken


def put_templates(settings: Any, folder: Path, text: str) -> None:
    """Let the project replace all pages."""
    (folder / "django_logout").mkdir()
    for name in NAMES:
        (folder / "django_logout" / f"{name}.html").write_text(text)
    (folder / "registration").mkdir()
    (folder / "registration" / "logged_out.html").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder]}]


@pytest.fixture(
    params=[
        "a template that fails",
        "a template with a mistake",
        "a template that extends nothing",
        "a context processor",
        "static files",
        "no URL of a login page",
        "no templates",
        "the sites framework",
    ]
)
def broken(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Break a part of the project."""
    static._log_once.cache_clear()
    match request.param:
        case "a template that fails":
            put_templates(settings, tmp_path, '{% url "nowhere" %}')
        case "a template with a mistake":
            put_templates(settings, tmp_path, "{% no_such_tag %}")
        case "a template that extends nothing":
            put_templates(settings, tmp_path, '{% extends "shop/base.html" %}')
        case "a context processor":
            options = {"context_processors": [f"{__name__}.failing_processor"]}
            settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]
        case "static files":
            monkeypatch.setattr(staticfiles_storage, "url", fail)
        case "no URL of a login page":
            settings.LOGIN_URL = "nowhere"
        case "no templates":
            settings.TEMPLATES = []
        case "the sites framework":
            monkeypatch.setattr("django.contrib.auth.views.get_current_site", fail)
    name: str = request.param
    return name


def test_question(broken: str, ann: Client) -> None:
    """The form is there, and it works."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = ann.cookies
    response = client.get(LOGOUT)
    assert response.status_code == 200
    assert "Log out" in Page(response).text

    done = client.post(LOGOUT, {"csrfmiddlewaretoken": csrf_token(response)})
    assert done.status_code == 200
    assert logged_in_as(client) == ""


def test_goodbye(broken: str, ann: Client) -> None:
    """After the session has ended."""
    response = ann.post(LOGOUT)
    assert response.status_code == 200
    assert "You have been logged out" in Page(response).text


def test_not_ended(broken: str, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the status, so that no one takes it for a logout."""
    monkeypatch.setattr(pipeline, "run_revokers", mock.Mock(side_effect=SessionNotEnded))
    response = ann.post(LOGOUT)
    assert response.status_code == 503
    assert "You may still be logged in" in Page(response).text


def test_ended(broken: str) -> None:
    """With the reason."""
    request = RequestFactory().get("/private/")
    response = respond(request, Kind.ENDED, reason="password_changed")
    assert response.status_code == 401
    assert "Your account password was changed." in Page(response).text


def test_sessions(broken: str, ann: Client) -> None:
    """The buttons are the way to end what should not be there."""
    response = ann.get(SESSIONS)
    assert response.status_code == 200
    assert "This device" in Page(response).text


def test_cause_is_in_the_log(ann: Client, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Or else no one would mend it."""
    options = {"context_processors": [f"{__name__}.failing_processor"]}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]
    ann.post(LOGOUT)
    assert Broken in [record.exc_info[0] for record in caplog.records if record.exc_info]


def test_a_page_of_an_outage_is_not_replaced(
    ann: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page of the project asks of the session may be what is down."""
    monkeypatch.setattr(f"{__name__}.failing_processor", mock.Mock(side_effect=SessionUnavailable))
    options = {"context_processors": [f"{__name__}.failing_processor"]}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]
    assert ann.get(LOGOUT).status_code == 503


class FailingView(LogoutView):
    """A project that adds to the context what may fail."""

    def get_context_data(self, **kwargs: Any) -> Any:
        """Fail."""
        raise self.extra_context["error"]  # type: ignore[index]


@pytest.mark.parametrize(("error", "status"), [(Broken(), 200), (SessionUnavailable(), 503)])
def test_context_of_the_project(ann: Client, settings: Any, error: Any, status: int) -> None:
    """It is no reason to say nothing."""
    view = FailingView.as_view(extra_context={"error": error})
    settings.ROOT_URLCONF = (path("out/", view), *site)
    assert ann.post("/out/").status_code == status
    assert logged_in_as(ann) == ""


def test_page_after_the_logout_does_not_exist(ann: Client, settings: Any) -> None:
    """The goodbye page takes its place."""
    settings.LOGOUT_REDIRECT_URL = "nowhere"
    response = ann.post(LOGOUT)
    assert "You have been logged out" in Page(response).text
    assert logged_in_as(ann) == ""


class FailingResponder(Responder):
    """A responder of the project that fails."""

    def accepts(self, request: HttpRequest, notice: Any) -> bool:
        """Accept all."""
        return True

    def respond(self, request: HttpRequest, notice: Any) -> Any:
        """Fail as the request says."""
        raise SessionUnavailable if "outage" in request.GET else Broken


def test_responder_of_the_project(ann: Client, settings: Any) -> None:
    """The page of the package takes its place."""
    settings.LOGOUT = {"RESPONDERS": [f"{__name__}.FailingResponder"]}
    response = ann.post(LOGOUT)
    assert "You have been logged out" in Page(response).text
    with pytest.raises(SessionUnavailable):
        respond(RequestFactory().get("/", {"outage": 1}), Kind.ENDED)


def test_messages_of_the_project(ann: Client, settings: Any, user: Any) -> None:
    """The redirect to the login page does without."""
    settings.MESSAGE_STORAGE = f"{__name__}.FailingStorage"
    end_sessions(Target.user(user))
    response = ann.get("/private/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/private/")


class FailingStorage(CookieStorage):
    """A storage of messages that is down."""

    def update(self, response: Any) -> Any:
        """Fail if there is anything to store."""
        if self._queued_messages:
            self._queued_messages = []
            raise Broken
        return []


def test_an_outage_in_a_tag_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a page is no page."""
    down = mock.Mock(side_effect=SessionUnavailable)
    monkeypatch.setattr("django_logout.responses.pages.render_to_string", down)
    with pytest.raises(SessionUnavailable):
        render_page("django_logout/button.html", {})


def test_templates_ask_for_nothing_that_is_missing(
    user: Any, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    """Django logs that at the level DEBUG, a page of text each."""
    here = Client()
    here.force_login(user)
    with caplog.at_level(logging.DEBUG, logger="django.template"):
        for url in (LOGOUT, SESSIONS):
            assert here.get(url).status_code == 200
        assert here.post(SELECTED).status_code == 400
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "_end_batch", mock.Mock(side_effect=SessionNotEnded))
            assert here.post(LOGOUT).status_code == 503
        assert here.post(LOGOUT).status_code == 200
    missing = [record.args for record in caplog.records if "while resolving" in record.msg]
    assert [args for args in missing if "django_logout" in str(args)] == []
