"""A login that has to wait until its user has chosen which sessions end is linked once it is complete."""

import json
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from django_logout.federation import clients, links
from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from django_logout.models import LoginSession
from django_logout.web.views import choose_sessions
from tests.clients import BACKEND
from tests.pending_logins import CHOOSE
from tests.projects.federation.conftest import claims, send, sign, token, who
from tests.projects.federation.urls import urlpatterns as ours

pytestmark = pytest.mark.django_db(transaction=True)


def callback(request: Any) -> HttpResponse:
    """Log in as the callback of a library does that calls ``expect()`` first."""
    links.expect(request, **request.GET.dict())
    login(request, get_user_model().objects.get(username="ann"), BACKEND)
    return HttpResponse("in")


def callback_of_social_auth(request: Any) -> HttpResponse:
    """Log in as social-auth-app-django does."""
    user: Any = get_user_model().objects.get(username="ann")
    user.social_user = Account(request.GET.dict())
    login(request, user, BACKEND)
    clients.on_social_login(None, request, user)
    return HttpResponse("in")


class Account:
    """The row of an account."""

    def __init__(self, data: dict[str, str]) -> None:
        self.extra_data = data


urlpatterns = [
    path("callback/", callback),
    path("social/", callback_of_social_auth),
    *ours,
]


@pytest.fixture
def at_limit(user: Any, settings: Any) -> Client:
    """A user's browser, beside which there may be no other."""
    browser = Client()
    browser.force_login(user)
    settings.ROOT_URLCONF = __name__
    settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    return browser


def id_token(**changes: Any) -> str:
    """Return an ID token."""
    return sign(json.dumps(claims(events=None, sid="A", **changes)).encode(), "k" * 32, "HS256")


def arrive(path: str, **facts: str) -> Client:
    """Return a browser whose login waits."""
    browser = Client()
    assert browser.get(path, facts).url == CHOOSE
    assert not ProviderLink.objects.exists()
    return browser


@pytest.mark.parametrize("path", ["/callback/", "/social/"])
def test_it_is_linked(engine: str, at_limit: Client, path: str) -> None:
    """With its tokens, where the session is no cookie; and the provider's logout ends it."""
    raw = id_token()
    browser = arrive(path, id_token=raw)
    assert raw not in str(browser.cookies)
    assert browser.post(CHOOSE, {"all": "1"}).status_code == 302
    assert who(at_limit, browser) == ["", "ann"]
    link = ProviderLink.objects.get()
    assert (link.provider, link.subject, link.sid) == ("op", "1", "A")
    assert unseal(link.id_token) == ("" if engine == "signed_cookies" else raw)
    assert send(token(sid="A", sub=None)).status_code == 200
    assert who(browser) == [""]


def test_provider_logs_out_while_it_waits(at_limit: Client) -> None:
    """The login is refused as soon as it is complete."""
    browser = arrive("/callback/", id_token=id_token())
    assert send(token(sid="A", sub=None)).status_code == 200
    browser.post(CHOOSE, {"all": "1"})
    assert who(browser) == [""]


def test_choose_again(at_limit: Client, user: Any) -> None:
    """Another login was faster. What is known of this one is kept."""
    browser = arrive("/callback/", provider="op", subject="1", sid="A")
    row = LoginSession.objects.get(ended_at=None)
    late = Client()
    with late_login(user, late):
        assert browser.post(CHOOSE, {"session": str(row.pk)}).url == CHOOSE
    assert browser.post(CHOOSE, {"all": "1"}).status_code == 302
    assert (who(browser), ProviderLink.objects.get().sid) == (["ann"], "A")


def late_login(user: Any, late: Client) -> Any:
    """Log in elsewhere when the chosen session has ended."""
    end = choose_sessions.end_sessions

    def end_and_log_in(*args: Any, **kwargs: Any) -> Any:
        result = end(*args, **kwargs)
        late.force_login(user)
        return result

    return mock.patch.object(choose_sessions, "end_sessions", end_and_log_in)


def test_login_without_a_provider(at_limit: Client) -> None:
    """Nothing is noted of it."""
    browser = Client()
    assert browser.post("/login/", {"username": "ann", "password": "pw"}).url == CHOOSE
    browser.post(CHOOSE, {"all": "1"})
    assert (who(browser), ProviderLink.objects.exists()) == (["ann"], False)


def test_what_is_expected_is_recorded_once(user: Any, settings: Any) -> None:
    """By the login itself; and nothing without one."""
    settings.ROOT_URLCONF = __name__
    browser = Client()
    assert browser.get("/callback/", {"provider": "op", "subject": "1"}).content == b"in"
    assert ProviderLink.objects.get().subject == "1"
    with pytest.raises(ValueError, match="needs the subject"):
        browser.get("/callback/", {"provider": "op"})
