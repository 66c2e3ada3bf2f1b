"""What the sessions page says of what has happened, with and without messages."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing

from django_logout.web.notices import COOKIE
from tests.clients import JSON, OTHERS, SESSIONS, Page, browser, end_url, id_of, notices

pytestmark = pytest.mark.django_db

MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"


@pytest.fixture
def without_messages(settings: Any) -> None:
    """Run a project without ``django.contrib.messages``."""
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != MESSAGES]
    settings.INSTALLED_APPS = [
        each for each in settings.INSTALLED_APPS if each != "django.contrib.messages"
    ]
    options = settings.TEMPLATES[0]["OPTIONS"]
    processors = [each for each in options["context_processors"] if "messages" not in each]
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "OPTIONS": {**options, "context_processors": processors}}
    ]


def test_what_has_ended_is_said_once(user: Any, without_messages: None) -> None:
    """After a redirect, so that reloading ends nothing again; and never on a later page."""
    here, phone = browser(user), browser(user)

    response = here.post(end_url(id_of(phone)), follow=True)

    assert response.redirect_chain == [(SESSIONS, 302)]
    assert notices(response) == ["Logged out: Firefox on Windows."]
    assert notices(here.get(SESSIONS)) == []


def test_the_cookie_holds_a_sentence_and_nothing_else(user: Any, without_messages: None) -> None:
    """No key of a session, no id; scripts cannot read it, and other paths do not get it."""
    here, phone = browser(user), browser(user)
    phone_id = id_of(phone)

    here.post(end_url(phone_id))

    morsel = here.cookies[COOKIE]
    held = signing.loads(morsel.value, salt=f"django_logout.notices:{user.pk}")
    assert held == "Logged out: Firefox on Windows."
    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == (SESSIONS, True, "Lax")
    for secret in [phone_id, *Session.objects.values_list("pk", flat=True)]:
        assert secret not in signing.b64_decode(
            morsel.value.split(":")[0].lstrip(".").encode()
        ).decode("latin-1")


@pytest.mark.parametrize("value", ["forged", "", "x:y:z"])
def test_a_forged_sentence_is_not_shown(user: Any, without_messages: None, value: str) -> None:
    """Nor that of another user of this browser."""
    here = browser(user)
    here.cookies[COOKIE] = value
    assert notices(here.get(SESSIONS)) == []
    here.cookies[COOKIE] = signing.dumps("Hello", salt="django_logout.notices:0")
    assert notices(here.get(SESSIONS)) == []


def test_programs_get_no_cookie(user: Any, without_messages: None) -> None:
    """Their response says it all."""
    here = browser(user)
    assert COOKIE not in here.post(OTHERS, headers=JSON).cookies


def test_messages_are_used_where_there_are_any(user: Any) -> None:
    """And no cookie."""
    here, phone = browser(user), browser(user)

    response = here.post(end_url(id_of(phone)))

    assert COOKIE not in response.cookies
    assert "Logged out: Firefox on Windows." in Page(here.get(SESSIONS)).text
