"""Attempts to end the sessions of another user, or to learn a key; and what happens meanwhile."""

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.messages import get_messages
from django.test import Client

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import (
    EVERYWHERE,
    IPHONE,
    JSON,
    LOGOUT,
    OTHERS,
    SELECTED,
    SESSIONS,
    Page,
    before_us,
    browser,
    csrf_token,
    end_url,
    id_of,
    logged_in_as,
    notices,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("headers", [{}, JSON])
def test_anothers_id_is_as_unknown_as_a_forged_one(
    user: Any, other: Any, headers: dict[str, str]
) -> None:
    """404 both times, nothing ended, and no way to tell which ids exist."""
    here, victim = browser(user), browser(other)

    answers = [here.post(end_url(i), headers=headers) for i in (id_of(victim), uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert logged_in_as(victim) == "bob"
    assert not LogoutEvent.objects.exists()


def test_something_that_is_no_id_is_no_url(user: Any) -> None:
    """A session key, say."""
    here = browser(user)
    key = here.cookies[django_settings.SESSION_COOKIE_NAME].value

    assert here.post(end_url(key)).status_code == 404


def test_a_replayed_post_is_calm_and_ends_nothing_more(user: Any) -> None:
    """The double click, or a recorded request: one event."""
    here, phone = browser(user), browser(user)
    url = end_url(id_of(phone))

    here.post(url)
    response = here.post(url, follow=True)

    assert notices(response)[-1] == "There was nothing left to end."
    assert LogoutEvent.objects.count() == 1
    assert here.post(url, headers=JSON).json()["ended"] == {}


def test_a_session_that_logs_out_while_the_page_is_open(user: Any) -> None:
    """The same calm answer, and its own reason stands."""
    here, phone = browser(user), browser(user)
    url = end_url(id_of(phone))
    phone.post(LOGOUT)

    assert here.post(url, headers=JSON).status_code == 200
    assert LogoutEvent.objects.get().scope == "current"


def test_this_session_ended_while_the_page_was_open(user: Any, engine: str) -> None:
    """Its buttons end nothing any more; the login page says why, and comes back to the list."""
    here, phone = browser(user), browser(user)
    url = end_url(id_of(phone))
    end_sessions(Target.session(id_of(here)), reason=Reason.ADMIN)

    response = here.post(url)

    assert response["Location"] == f"/login/?next={SESSIONS}"
    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert told == ["An administrator ended your session."]
    assert logged_in_as(phone) == "ann"


def test_ended_session_is_not_told_logged_out_everywhere(user: Any) -> None:
    """The session was ended from elsewhere, and its user now wants to end the others."""
    here, phone = browser(user), browser(user)
    end_sessions(Target.session(id_of(here)), reason=Reason.ADMIN)

    response = here.post(LOGOUT, {"everywhere": "on"})

    assert response["Location"] == f"/login/?next={SESSIONS}"
    assert logged_in_as(phone) == "ann"


CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


@pytest.mark.parametrize("sent", [CROSS_SITE, {"Sec-Fetch-Site": "same-site"}, {}])
@pytest.mark.parametrize("what", ["one", "selected", "others", "everywhere", "tick box"])
def test_no_other_site_ends_anything(user: Any, what: str, sent: dict[str, str]) -> None:
    """403, with the buttons and a fresh token; or a problem, for programs."""
    here, phone = browser(user, enforce_csrf_checks=True), browser(user)
    url, data = {
        "one": (end_url(id_of(phone)), {}),
        "selected": (SELECTED, {"session": id_of(phone)}),
        "others": (OTHERS, {}),
        "everywhere": (EVERYWHERE, {}),
        "tick box": (LOGOUT, {"everywhere": "on"}),
    }[what]

    response = here.post(url, data, headers=sent)

    assert response.status_code == 403
    assert csrf_token(response)
    if what in {"one", "selected", "others"}:
        assert "nothing was changed" in Page(response).text
    assert here.post(url, data, headers={**sent, **JSON}).status_code == 403
    assert logged_in_as(here) == logged_in_as(phone) == "ann"
    assert not LogoutEvent.objects.exists()


def test_a_stale_token_from_this_very_site_is_no_trap(user: Any) -> None:
    """As for logging out: the browser vouches for it."""
    here, phone = browser(user, enforce_csrf_checks=True), browser(user)

    here.post(OTHERS, headers={"Sec-Fetch-Site": "same-origin"})

    assert logged_in_as(phone) == ""


def test_the_token_of_the_page_serves(user: Any) -> None:
    """Without the headers that a current browser sends."""
    here, phone = browser(user, enforce_csrf_checks=True), browser(user)

    here.post(OTHERS, {"csrfmiddlewaretoken": csrf_token(here.get(SESSIONS))})

    assert logged_in_as(phone) == ""


@pytest.mark.parametrize("url", [OTHERS, SELECTED, end_url(UUID(int=1))])
def test_only_post_ends(user: Any, url: str) -> None:
    """405, with the page that has the buttons. A link or an image ends nothing: GET asks."""
    here, phone = browser(user), browser(user)

    response = here.put(url)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert "Firefox on Windows" in Page(response).text
    assert here.put(url, headers=JSON).status_code == 405
    for headers in ({}, JSON):
        here.get(url, {"session": id_of(phone)}, headers=headers)
    assert logged_in_as(phone) == "ann"


@pytest.mark.parametrize("headers", [{}, JSON])
def test_the_question_knows_no_session_of_another_user(
    user: Any, other: Any, headers: dict[str, str]
) -> None:
    """404 or 400 as for a forged id, and not a word about the device."""
    here, victim = browser(user), browser(other, IPHONE)

    for url in (end_url(id_of(victim)), f"{SELECTED}?session={id_of(victim)}"):
        forged = url.replace(id_of(victim), str(uuid4()))
        answers = [here.get(each, headers=headers) for each in (url, forged)]
        assert {answer.status_code for answer in answers} <= {400, 404}
        assert answers[0].status_code == answers[1].status_code
        assert b"iPhone" not in answers[0].content


def test_the_question_offers_all_devices(user: Any) -> None:
    """Unticked, even after another site has asked for it."""
    here = browser(user, enforce_csrf_checks=True)

    for response in (here.get(LOGOUT + "?everywhere=on"), here.post(LOGOUT, {"everywhere": "on"})):
        (box,) = [a for a in Page(response).all("input") if a.get("name") == "everywhere"]
        assert (box["type"], box["value"]) == ("checkbox", "on")
        assert "checked" not in box


def test_keys_are_nowhere(user: Any, caplog: pytest.LogCaptureFixture, engine: str) -> None:
    """Neither in page nor in JSON, URL, log or record: only ids, which cannot be used to log in."""
    caplog.set_level(logging.DEBUG)
    here, phone = browser(user), browser(user)
    keys = [c.cookies[django_settings.SESSION_COOKIE_NAME].value for c in (here, phone)]
    url = end_url(id_of(phone))

    pages = [here.get(SESSIONS), here.get(SESSIONS, headers=JSON), here.post(url), here.post(url)]
    pages += [here.post(end_url(uuid4())), here.post(OTHERS, headers=JSON), here.get(OTHERS)]

    told = [page.content.decode() + str(page.headers) for page in pages]
    told += [str(record.__dict__) for record in caplog.records if "django_logout" in record.name]
    told += [str(event.__dict__) for event in LogoutEvent.objects.all()]
    assert not [key for key in keys for text in told if key in text]
    thief = Client()
    for session_id in LoginSession.objects.values_list("pk", flat=True):
        thief.cookies[django_settings.SESSION_COOKIE_NAME] = str(session_id)
        assert logged_in_as(thief) == ""


@pytest.mark.parametrize("log_in", [browser, before_us])
def test_a_session_planted_beside_this_one_is_another(user: Any, engine: str, log_in: Any) -> None:
    """An attacker who can set cookies from a sibling domain adds one that is stolen."""
    here, thief = browser(user), log_in(user)
    mine, stolen = (client.cookies["sessionid"].value for client in (here, thief))

    Client(HTTP_COOKIE=f"sessionid={stolen}; sessionid={mine}").post(OTHERS)

    assert (logged_in_as(here), logged_in_as(thief)) == ("ann", "")


def test_an_older_cookie_of_this_session_beside_it_ends_nothing_here(
    user: Any, engine: str
) -> None:
    """As a path or a domain that was changed leaves one behind."""
    here = browser(user)
    older = here.cookies["sessionid"].value
    here.get("/write/")
    mine = here.cookies["sessionid"].value

    Client(HTTP_COOKIE=f"sessionid={older}; sessionid={mine}").post(OTHERS)

    assert logged_in_as(here) == "ann"
