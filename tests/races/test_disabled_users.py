"""F35: a disabled or deleted user's sessions are refused, but stay stored, and no signal is sent."""

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended


@pytest.fixture
def told() -> Any:
    """What receivers of ``session_ended`` hear."""
    heard: list[str] = []

    def hear(reason: str, **kwargs: Any) -> None:
        heard.append(reason)

    session_ended.connect(hear)
    yield heard
    session_ended.disconnect(hear)


def with_a_cart(user: Any) -> Client:
    """Return a browser that is logged in and has something in its session."""
    browser = Client()
    browser.force_login(user)
    browser.get("/write/")
    return browser


def said(response: Any) -> str:
    """What a page says."""
    text: str = response.content.decode()
    return text


def disable_quietly(user: Any) -> None:
    """As a bulk update does: no signal is sent."""
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def delete_quietly(user: Any) -> None:
    """As SQL does, which takes what refers to the account with it."""
    LoginSession.objects.filter(user=user)._raw_delete("default")
    get_user_model().objects.filter(pk=user.pk)._raw_delete("default")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_rows_and_data_are_deleted_and_receivers_told(
    engine: str, user: Any, told: list[str], how: str
) -> None:
    """Before anybody comes back with the cookie."""
    browser = with_a_cart(user)
    if how == "deleted":
        user.delete()
    else:
        user.is_active = False
        user.save()
    assert told == [how]
    assert LogoutEvent.objects.get().reason == how
    assert not Session.objects.exists()
    assert browser.get("/write/").content == b"user= count=1", "the cart cannot be read any more"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", [disable_quietly, delete_quietly])
def test_change_without_a_signal_is_found_at_the_next_request(
    engine: str, user: Any, told: list[str], how: Any
) -> None:
    """Where the account was changed without a signal; and the login page says why."""
    browser = with_a_cart(user)
    copy = browser.cookies["sessionid"].value
    how(user)
    response = browser.get("/private/")
    assert response.status_code == 302
    assert browser.cookies["sessionid"].value == ""
    assert not LoginSession.objects.filter(ended_at=None).exists()
    if how is disable_quietly:
        assert told == [e.reason for e in LogoutEvent.objects.all()] == ["disabled"]
        assert "Your account was disabled." in said(browser.get(response.headers["Location"]))
    browser.cookies["sessionid"] = copy
    assert browser.get("/write/").content == b"user= count=1"


def test_session_from_before_the_package_is_emptied(engine: str, user: Any) -> None:
    """It is not registered, so there is no row to refuse it by."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            "count": 1,
        }
    )
    store.save()
    user.delete()
    browser = Client()
    browser.cookies["sessionid"] = store.session_key
    browser.get("/private/")
    assert browser.cookies["sessionid"].value == ""


async def test_change_without_a_signal_is_found_under_asgi(engine: str, user: Any) -> None:
    """The same under ASGI."""
    browser = AsyncClient()
    await browser.aforce_login(user)
    await get_user_model().objects.filter(pk=user.pk).aupdate(is_active=False)
    await browser.get("/private/")
    assert (await LogoutEvent.objects.aget()).reason == "disabled"


def test_user_whom_no_backend_knows_is_not_ended(user: Any, settings: Any) -> None:
    """A backend that is missing or does not answer is not a disabled account."""
    browser = with_a_cart(user)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.contrib.auth.backends.ModelBackend.get_user", lambda *args: None)
        assert browser.get("/private/").status_code == 302
    assert browser.get("/private/").status_code == 200
