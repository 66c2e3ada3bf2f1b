"""Mistakes in ``LOGOUT["PROVIDERS"]``, each with a hint that says what to type."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_logout.federation import checks, metadata
from django_logout.federation.fetch import FetchFailed
from tests.projects.federation.conftest import ISSUER

pytestmark = pytest.mark.django_db(transaction=True)


def ids(settings: Any, **keys: Any) -> list[str]:
    """Return the ids of the messages about a provider with these keys."""
    given = {**settings.LOGOUT["PROVIDERS"]["op"], **keys}
    settings.LOGOUT = {"PROVIDERS": {"op": {k: v for k, v in given.items() if v is not None}}}
    found = checks.security_checks()
    assert all(message.hint for message in found)
    return [str(message.id).removeprefix("django_logout.") for message in found]


def test_nothing_to_say(settings: Any) -> None:
    """Nor if there are no providers."""
    assert ids(settings) == []
    settings.LOGOUT = {}
    assert checks.security_checks() == checks.deploy_checks() == []
    settings.LOGOUT = {"PROVIDERS": ["op"]}  # E032 reports it.
    assert checks.security_checks() == []


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ISUER": "x"}, "E102"),
        ({"COMPLETELY_DIFFERENT_THING": "x"}, "E102"),
        ({"ALGORITHMS": "RS256"}, "E103"),
        ({"CLIENT_SECRET": 7}, "E103"),
        ({"CLIENT_ID": None}, "E104"),
        ({"PRESET": "keyclock"}, "E105"),
        ({"ALGORITHMS": ["none"]}, "E106"),
        ({"ALGORITHMS": []}, "E106"),
        ({"ALGORITHMS": ["HS256"]}, "E107"),
        ({"ISSUER": "op.example"}, "E108"),
        ({"ISSUER": "http://op.example", "ALLOW_PRIVATE": False}, "E108"),
        ({"POST_LOGOUT_REDIRECT_URI": None}, "W109"),
        ({"RECHECK": 10}, "W116"),
        ({"RECHECK": timedelta(minutes=-10)}, "W116"),
        ({"RECHECK": "10 minutes"}, "E103"),
        ({"RECHECK_FAILS": "never"}, "E103"),
    ],
)
def test_each_mistake(settings: Any, keys: Any, expected: str) -> None:
    """The first thing to change."""
    assert ids(settings, **keys)[:1] == [expected]


ISSUER_SOURCES = [
    ["'self'", ISSUER],
    ["op.example"],
    ["https:"],
    ["*"],
    ["*.example"],
    f"{ISSUER}/end",
    None,
    False,
]


@pytest.mark.parametrize("sources", ISSUER_SOURCES)
def test_policy_that_lets_browsers_go_on(settings: Any, sources: Any) -> None:
    """That of Django or of django-csp names the provider, or says nothing of forms."""
    settings.SECURE_CSP = {"default-src": ["'none'"], "form-action": sources}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"form-action": sources}}
    assert ids(settings) == []


@pytest.mark.parametrize("sources", [["'self'"], [], "'none'", ["http:"], ["*.op.example"]])
def test_policy_that_keeps_browsers_here(settings: Any, sources: Any) -> None:
    """The hint has what to add, for each of the policies."""
    settings.SECURE_CSP = {"form-action": sources}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"form-action": sources}}
    assert ids(settings) == ["W118", "W118"]
    assert f'"{ISSUER}"' in str(checks.security_checks()[0].hint)
    assert ids(settings, END_SESSION_ENDPOINT="https://a.example/end") == ["W118", "W118"]
    assert '"https://a.example"' in str(checks.security_checks()[0].hint)


def test_secret_is_not_shown(settings: Any) -> None:
    """Not even a wrong one."""
    ids(settings, CLIENT_SECRET=123456789)
    assert "123456789" not in str(checks.security_checks())


def test_order_of_the_apps(settings: Any) -> None:
    """Receivers are called in that order."""
    core = "django_logout"
    others = [app for app in settings.INSTALLED_APPS if not app.startswith(core)]
    found = [f"{core}.federation", core, *others]
    with_order = [*checks._check_order()]
    assert with_order == []
    settings.INSTALLED_APPS = found
    assert [message.id for message in checks._check_order()] == ["django_logout.E101"]


def test_url_of_the_return_is_suggested(settings: Any) -> None:
    """With our path, whether the project has included it or not."""
    ids(settings, POST_LOGOUT_REDIRECT_URI=None)
    assert "/signed-out/" in str(checks.security_checks()[0].hint)
    settings.ROOT_URLCONF = "tests.urls"
    assert "/signed-out/" in str(checks.security_checks()[0].hint)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, ["W110", "W111"]),
        (
            {
                "issuer": ISSUER,
                "end_session_endpoint": "https://op.example/end",
                "backchannel_logout_supported": True,
            },
            ["W110"],
        ),
        ({"issuer": f"{ISSUER}/"}, ["W110", "E112", "W113", "W114"]),
    ],
)
def test_providers_are_asked_when_deployed(
    settings: Any, monkeypatch: Any, document: Any, expected: list[str]
) -> None:
    """Only with ``--deploy``, and if the settings are right."""

    def fetch(url: str, *, trusted_network: bool) -> Any:
        if document is None:
            raise FetchFailed("down")
        return document

    monkeypatch.setattr(checks, "fetch_json", fetch)
    found = [str(message.id).removeprefix("django_logout.") for message in checks.deploy_checks()]
    assert found == expected
    assert ids(settings, ALLOW_PRIVATE=False, POST_LOGOUT_REDIRECT_URI="https://a.example/") == []
    assert "W110" not in str(checks.deploy_checks())
    assert ids(settings, CLIENT_ID=None)
    assert checks.deploy_checks() == []


@pytest.mark.parametrize("by", ["refresh_token", "userinfo"])
def test_provider_that_cannot_be_asked(settings: Any, monkeypatch: Any, by: str) -> None:
    """It publishes the other endpoint only."""
    published = {"refresh_token": "userinfo_endpoint", "userinfo": "token_endpoint"}
    document = {"issuer": ISSUER, published[by]: "https://op.example/x"}
    monkeypatch.setattr(checks, "fetch_json", lambda url, trusted_network: document)
    assert ids(settings, RECHECK=600, RECHECK_BY=by) == []
    assert "W117" in str(checks.deploy_checks())
    assert ids(settings, RECHECK=0) == []
    assert "W117" not in str(checks.deploy_checks())


def test_command_shows_the_provider(
    capsys: Any, fetched: Any, published: Any, set_provider: Any
) -> None:
    """What it publishes, and what is sent and accepted."""
    call_command("logout", "provider", "op")
    text = capsys.readouterr().out
    assert f"{ISSUER}/end" in text
    assert "RS256" in text
    set_provider(RECHECK=600)
    call_command("logout", "provider", "op")
    assert "by refresh_token, fails open" in capsys.readouterr().out
    call_command("logout", "provider", "op", "--json")
    assert '"issuer": "https://op.example"' in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"No provider is called 'keycloak'. There are: op."):
        call_command("logout", "provider", "keycloak")


def test_command_without_an_answer(
    capsys: Any, fetched: Any, published: Any, set_provider: Any
) -> None:
    """The settings are shown all the same."""
    published.delete()
    metadata._remembered.cache_clear()
    set_provider(POST_LOGOUT_REDIRECT_URI="")
    call_command("logout", "provider", "op")
    text = capsys.readouterr().out
    assert "never" in text
    assert "unknown" in text
