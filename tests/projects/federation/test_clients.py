"""What the signals of libraries record. The libraries themselves have projects of their own."""

from types import SimpleNamespace
from typing import Any
from unittest import mock

import jwt
import pytest
from django.apps import apps
from django.test import RequestFactory

from django_logout import hooks
from django_logout.federation import clients
from django_logout.federation.models import ProviderLink
from django_logout.guard import decision
from django_logout.sessions import engines
from django_logout.utils.context import current_request
from tests.projects.federation.conftest import CLIENT_ID, ISSUER

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"iss": ISSUER, "aud": CLIENT_ID, "sub": "1", "sid": "A", "iat": 1}


@pytest.fixture
def asked(monkeypatch: Any) -> list[Any]:
    """What was recorded."""
    found: list[Any] = []
    monkeypatch.setattr(clients.links, "record_facts", lambda request, facts: found.append(facts))
    return found


def test_allauth(rf: RequestFactory, asked: list[Any]) -> None:
    """Claims that it has verified, of a provider that is configured."""

    def hear(**given: Any) -> None:
        clients.on_allauth_login(None, rf.get("/"), **given)

    def login(data: Any) -> Any:
        token = SimpleNamespace(token="access", token_secret="refresh")
        return SimpleNamespace(account=SimpleNamespace(extra_data=data), token=token)

    for nothing in (None, login(None), login({"id_token": "raw"}), login({})):
        hear(sociallogin=nothing)
    hear(sociallogin=login({"id_token": {**SAID, "iss": "https://other.example"}}))
    assert asked == []
    hear(sociallogin=login({"id_token": SAID}))
    names = ("provider", "sid", "access_token", "refresh_token")
    expected = ["op", "A", "access", "refresh"]
    assert [[getattr(each, name) for name in names] for each in asked] == [expected]


def test_allauth_login_is_expected(rf: RequestFactory, asked: list[Any]) -> None:
    """From the provider's callback on, and recorded once."""
    token = SimpleNamespace(token="access", token_secret="refresh")
    request, none = rf.get("/"), rf.get("/")
    account = SimpleNamespace(extra_data={"id_token": SAID})
    clients.on_allauth_callback(None, none, SimpleNamespace(account=SimpleNamespace(extra_data={})))
    assert clients.links.EXPECTED not in vars(none)
    sociallogin = SimpleNamespace(account=account, token=token)
    clients.on_allauth_callback(None, request, sociallogin)
    assert asked == []
    for _ in range(2):
        clients.on_allauth_login(None, request, sociallogin=sociallogin)
    assert [each.sid for each in asked] == ["A"]


def test_signal_that_logs_no_session_in(rf: RequestFactory, asked: list[Any], user: Any) -> None:
    """Without a request or a session, or for a token that a client has been given."""
    clients.on_login(None, None, user)
    request: Any = rf.get("/")
    clients.on_login(None, request, user)
    clients.links.expect(request, "op", subject="1")
    request.session = engines.current_engine().store()
    clients.on_login(None, request, user)
    assert asked == []


def test_social_auth(rf: RequestFactory, asked: list[Any]) -> None:
    """The raw token in the row of the account."""
    raw = jwt.encode(SAID, "k" * 32, "HS256")
    other = jwt.encode({**SAID, "iss": "https://other.example"}, "k" * 32, "HS256")

    def hear(request: Any, data: Any) -> None:
        user = SimpleNamespace(social_user=SimpleNamespace(extra_data=data))
        clients.on_social_login(None, request, user)

    clients.on_social_login(None, rf.get("/"), SimpleNamespace())
    for data in (None, {}, {"id_token": 7}, {"id_token": other}):
        hear(rf.get("/"), data)
    hear(None, {"id_token": raw})
    assert asked == []
    tokens = {"id_token": raw, "refresh_token": "r", "access_token": "a"}
    hear(rf.get("/"), {**tokens, "expires": 60})
    hear(rf.get("/"), {"id_token": raw, "refresh_token": None})
    assert [each[5:] for each in asked] == [(raw, "r", "a"), (raw, "", "")]
    assert asked[0][:4] == ("op", ISSUER, "1", "A")


def test_account_that_is_saved_for_somebody_else(rf: RequestFactory, asked: list[Any]) -> None:
    """By code, or for another user than the session's."""
    account = SimpleNamespace(user_id=1, extra_data={"id_token": "raw"})
    clients.on_social_account(None, account)
    token = current_request.set(rf.get("/"))
    clients.on_social_account(None, account)
    current_request.reset(token)
    assert asked == []


def test_no_providers_nothing_to_forget(settings: Any, user: Any) -> None:
    """An ending asks for no links."""
    from django_logout import Target, end_sessions

    settings.LOGOUT = {}
    assert end_sessions(Target.user(user)).complete
    assert not ProviderLink.objects.exists()


def test_project_without_the_admin(monkeypatch: Any) -> None:
    """There is no page of a session to extend."""
    config = apps.get_app_config("django_logout_federation")
    lists = ("destinations", "questions", "session_titles", "told", "retries")
    for name in (*lists, "cleanups", "verbs"):
        monkeypatch.setattr(hooks, name, [])
    monkeypatch.setattr(decision, "login_checks", [])
    monkeypatch.setattr("django_logout.federation.apps.register", lambda *args, **kwargs: None)
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    with mock.patch("django_logout.federation.admin.extend_admin") as extend:
        config.ready()
    extend.assert_not_called()
    assert len(hooks.destinations) == 1
