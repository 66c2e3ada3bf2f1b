"""Is this browser logged in, and for how long? Asking is no activity; staying is."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions import activity
from tests.clients import browser, csrf_token, id_of, logged_in_as
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

STATUS = "/accounts/session/"
TWO_WEEKS = 1209600
SERVERS = (ENGINES["cache"], ENGINES["cached_db"])


def ask(client: Client) -> dict[str, Any]:
    """What the site says."""
    found: dict[str, Any] = client.get(STATUS).json()
    return found


def seen(seconds_ago: float) -> None:
    """Let all sessions have been used last so long ago, and no process know better."""
    then = timezone.now() - timedelta(seconds=seconds_ago)
    LoginSession.objects.update(last_seen_at=then)
    activity._memories().clear()


def test_anonymous_visitor_is_not_logged_in() -> None:
    """Just that, to anybody, whatever they send."""
    client = Client(enforce_csrf_checks=True)

    assert ask(client) == {"authenticated": False}
    assert not client.cookies


@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
def test_it_is_json_for_everybody(user: Any, accept: str) -> None:
    """Never cached, since it is another a second later."""
    response = browser(user).get(STATUS, headers={"Accept": accept})

    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]


def test_without_limits_it_is_the_sessions_own_life(user: Any, engine: str) -> None:
    """Idling ends nothing there."""
    found = ask(browser(user))

    assert found.pop("expires_in") in range(TWO_WEEKS - 60, TWO_WEEKS + 1)
    assert found.pop("user")
    assert found == {"authenticated": True, "idle_expires_in": None}


def test_with_limits_it_is_what_is_left_of_them(user: Any, settings: Any) -> None:
    """Of the login's age, and since the last use."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 1000, "ABSOLUTE_TIMEOUT": 5000}
    here = browser(user)
    LoginSession.objects.update(authenticated_at=timezone.now() - timedelta(seconds=2000))
    seen(400)

    found = ask(here)

    assert found["expires_in"] in range(2940, 3001)
    assert found["idle_expires_in"] in range(540, 601)


def test_what_this_process_has_seen_counts_though_it_is_not_written(
    user: Any, settings: Any
) -> None:
    """As it does for expiring."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 1000, "LAST_SEEN_INTERVAL": 200}
    here = browser(user)
    seen(150)
    here.get("/")  # reads the row, and is no reason to write it again
    assert LoginSession.objects.get().last_seen_at < timezone.now() - timedelta(seconds=140)

    assert ask(here)["idle_expires_in"] in range(940, 1001)


def test_limits_may_differ_by_user(user: Any, other: Any, settings: Any) -> None:
    """As for expiring itself."""

    def idle(user: Any, request: Any) -> int:
        return 600 if user.get_username() == "ann" else 6000

    settings.LOGOUT = {"IDLE_TIMEOUT": idle}

    assert ask(browser(user))["idle_expires_in"] in range(540, 601)
    assert ask(browser(other))["idle_expires_in"] in range(5940, 6001)


@pytest.mark.parametrize("every_request", [False, True])
def test_asking_is_no_activity(user: Any, settings: Any, engine: str, every_request: bool) -> None:
    """However often, and whatever Django saves: neither row nor session live longer for it."""
    settings.SESSION_SAVE_EVERY_REQUEST = every_request
    settings.LOGOUT = {"IDLE_TIMEOUT": 1000}
    here = browser(user)
    seen(700)
    before = LoginSession.objects.get()

    for _ in range(3):
        assert ask(here)["idle_expires_in"] in range(200, 301)

    after = LoginSession.objects.get()
    assert (after.last_seen_at, after.expires_at) == (before.last_seen_at, before.expires_at)


def test_staying_is_activity(user: Any, settings: Any, engine: str) -> None:
    """Written at once, so that every process keeps what is promised here."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 1000}
    here = browser(user)
    seen(100)  # less than an interval ago: an ordinary request would not write

    found = here.post(STATUS).json()

    assert found["idle_expires_in"] in range(990, 1001)
    activity._memories().clear()  # another process
    assert ask(here)["idle_expires_in"] in range(940, 1001)


def test_staying_does_not_make_a_login_younger(user: Any, settings: Any) -> None:
    """The absolute timeout stands."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": 5000}
    here = browser(user)
    LoginSession.objects.update(authenticated_at=timezone.now() - timedelta(seconds=4000))
    activity._memories().clear()

    assert here.post(STATUS).json()["expires_in"] in range(940, 1001)


def test_staying_does_not_revive_an_ended_session(user: Any, engine: str) -> None:
    """What has ended has ended; the answer says so."""
    here, phone = browser(user), browser(user)
    end_sessions(Target.session(id_of(here)), reason=Reason.ADMIN)
    before = LoginSession.objects.filter(ended_at__isnull=False).values().get()

    told = {"reason": "admin", "message": "An administrator ended your session."}
    assert here.post(STATUS).json() == {"authenticated": False, **told}
    assert ask(here) == {"authenticated": False}  # the cookie is gone
    assert logged_in_as(here) == ""
    assert {**LoginSession.objects.values().get(pk=before["id"]), "notified_at": None} == before
    assert ask(phone)["authenticated"]


def test_no_other_site_keeps_anybody_in(user: Any, settings: Any) -> None:
    """403; the token of a page of this site serves, and so does the browser's word."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 1000}
    here = browser(user, enforce_csrf_checks=True)
    token = csrf_token(here.get("/accounts/logout/"))
    seen(700)

    response = here.post(STATUS, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert ask(here)["idle_expires_in"] in range(200, 301)

    assert here.post(STATUS, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert here.post(STATUS, {"csrfmiddlewaretoken": token}).status_code == 200


def test_asking_takes_one_query(user: Any, settings: Any, django_assert_num_queries: Any) -> None:
    """Beside Django's own two."""
    settings.SESSION_ENGINE = ENGINES["db"]
    here = browser(user)
    ask(here)

    with django_assert_num_queries(3):
        ask(here)


def test_a_user_without_a_session_has_no_end(user: Any, settings: Any) -> None:
    """Logged in by a header, a token or a certificate."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.clients.logged_in_by_header"]
    client = Client(headers={"X-User": "ann"})

    asked, stayed = ask(client), client.post(STATUS).json()
    assert stayed.pop("csrf_token")
    assert asked == stayed
    assert asked.pop("user")
    assert asked == {"authenticated": True, "expires_in": None, "idle_expires_in": None}


def test_its_answer_holds_no_secret(user: Any) -> None:
    """No key, no id, no name."""
    here = browser(user)

    found = ask(here)
    assert set(found) == {"authenticated", "user", "expires_in", "idle_expires_in"}
    text = here.get(STATUS).content.decode()
    for secret in (here.cookies[django_settings.SESSION_COOKIE_NAME].value, id_of(here), "ann"):
        assert secret not in text
    assert len(found["user"]) == 22


def test_user_token_distinguishes_users_without_naming_them(user: Any, other: Any) -> None:
    """The same in every session of one user, another for another user, none for anonymous
    visitors."""
    here, phone, theirs = browser(user), browser(user), browser(other)

    assert ask(here)["user"] == ask(phone)["user"] != ask(theirs)["user"]
    assert "user" not in ask(Client())


def test_a_page_from_before_a_login_gets_a_token_by_staying(user: Any, settings: Any) -> None:
    """Only then: asking would set its cookie anew each time."""
    here = browser(user, enforce_csrf_checks=True)

    assert not here.get(STATUS).cookies
    token = here.post(STATUS, headers={"Sec-Fetch-Site": "same-origin"}).json()["csrf_token"]
    assert here.post("/plain-logout/", {"csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", {}),
        ("?reason=idle", {"reason": "idle", "message": str(Reason.IDLE.label)}),
        ("?reason=%3Cb%3E", {"reason": "<b>", "message": str(Reason.UNKNOWN.label)}),
    ],
)
def test_a_script_that_has_heard_a_reason_can_ask_for_its_sentence(
    query: str, told: dict[str, str]
) -> None:
    """The answer that told it has taken the cookie along; ours is JSON, so nothing is injected."""
    response = Client().get(STATUS + query)

    assert response.json() == {"authenticated": False, **told}
    assert response["Content-Type"] == "application/json"


def test_logged_in_user_gets_no_reason(user: Any) -> None:
    """Whatever the query says."""
    assert "reason" not in browser(user).get(f"{STATUS}?reason=admin").json()


def test_asking_does_not_lengthen_a_session_that_every_request_saves(
    user: Any, settings: Any, engine: str
) -> None:
    """A page that polls does not keep a user logged in who has left."""
    settings.SESSION_SAVE_EVERY_REQUEST = True
    settings.SESSION_COOKIE_AGE = 1800
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        here = browser(user)
        for left in (1400, 1000, 600, 200):
            clock.shift(400)
            assert ask(here)["expires_in"] == left
        clock.shift(400)
        if django_settings.SESSION_ENGINE not in SERVERS:  # their clocks are their own
            assert ask(here) == {"authenticated": False}
