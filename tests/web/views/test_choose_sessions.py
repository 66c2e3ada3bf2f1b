"""The page on which a user with too many sessions chooses which of them end."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from django_logout.models import LoginSession
from django_logout.policies import pending_login
from django_logout.revokers.base import Revoker
from tests.clients import IPHONE, JSON, Page, browser, csrf_token, log_in, logged_in_as
from tests.pending_logins import CHOOSE, LAPSED, active_ids, client_at_limit
from tests.settings import ENGINES

TOO_MANY = "You are already logged in on the maximum number of devices. Choose where to log out."
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def two_places(settings: Any) -> None:
    """Allow two sessions, and ask at the next login."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}


@pytest.fixture
def both(user: Any, two_places: None) -> tuple[Client, Client]:
    """A computer and a phone, both logged in; the phone was used an hour ago."""
    found = browser(user), browser(user, IPHONE)
    phone = LoginSession.objects.filter(pk=active_ids()[1])
    phone.update(last_seen_at=LoginSession.objects.get(pk=active_ids()[1]).last_seen_at - HOUR)
    return found


HOUR = timedelta(hours=1)


def test_what_it_shows(engine: str, both: Any) -> None:
    """Device, address, when last used; that longest ago first; nothing is ticked; ids only."""
    page = Page(client_at_limit().get(CHOOSE))

    boxes = [each for each in page.all("input") if each.get("type") == "checkbox"]
    assert [each["value"] for each in boxes] == active_ids()[::-1]
    assert not [each for each in boxes if "checked" in each]
    text = " ".join(page.text.split())
    assert "Safari on iPhone Last used: 1 hour ago 203.0.113.x" in text
    assert "Firefox on Windows Last used: now 203.0.113.x" in text
    assert "ann is already logged in on the maximum number of devices" in text
    assert not page.inline_scripts()
    assert not [tag for tag, attributes in page.elements if "style" in attributes]


def test_keys_are_nowhere(engine: str, both: Any) -> None:
    """Neither keys, nor the note, nor what Django knows a password's change by."""
    here = client_at_limit()
    user = LoginSession.objects.all()[0].user

    pages = [here.get(CHOOSE), here.get(CHOOSE, headers=JSON), here.post(CHOOSE)]

    name = django_settings.SESSION_COOKIE_NAME
    secrets = [each.cookies[name].value for each in (*both, here)]
    secrets += [here.cookies[pending_login.COOKIE].value, user.get_session_auth_hash()]
    told = [page.content.decode() + str(page.headers) for page in pages]
    assert not [secret for secret in secrets for text in told if secret in text]


def test_how_many(both: Any, settings: Any) -> None:
    """It says so, where one is not enough."""
    settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1}
    here = client_at_limit()
    assert "at least this many devices: 2." in here.get(CHOOSE).text
    assert here.post(CHOOSE, {"session": active_ids()[0]}).status_code == 400
    assert here.post(CHOOSE, {"session": active_ids()}).status_code == 302


def test_never_cached(both: Any) -> None:
    """A shared computer keeps no copy of the list."""
    assert "no-store" in client_at_limit().get(CHOOSE)["Cache-Control"]


def test_the_cookie_is_for_the_server_alone(user: Any, settings: Any, both: Any) -> None:
    """No script reads it, and it goes where the session's own cookie goes."""
    settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_SAMESITE = True, "Strict"
    settings.SESSION_COOKIE_PATH = "/accounts/"

    here = Client()
    cookie = log_in(here).cookies[pending_login.COOKIE]

    assert cookie["httponly"]
    assert cookie["secure"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/accounts/", 300)
    assert not cookie["domain"]
    assert here.post(CHOOSE, {"cancel": "on"}).cookies[pending_login.COOKIE]["max-age"] == 0


@pytest.mark.parametrize("data", [{}, {"session": "nonsense"}, {"session": ""}])
def test_too_few(both: Any, data: dict[str, str]) -> None:
    """Nothing has ended, and the page says what is missing, where a screen reader finds it."""
    here = client_at_limit()

    answer = here.post(CHOOSE, data)

    assert answer.status_code == 400
    page = Page(answer)
    (alert,) = [each for each in page.all("p") if each.get("role") == "alert"]
    (group,) = page.all("fieldset")
    assert alert["id"] == group["aria-describedby"]
    assert "Nothing was changed. To log in here, select more" in page.text
    assert [logged_in_as(each) for each in (*both, here)] == ["ann", "ann", ""]
    assert here.post(CHOOSE, data, headers=JSON).json()["status"] == 400


def test_it_says_how_many_have_ended(both: Any) -> None:
    """On the next page."""
    here = client_at_limit("/login/?next=/login/")

    answer = here.post(CHOOSE, {"session": active_ids()})

    assert "Sessions ended: 2." in here.get(answer["Location"]).text
    assert logged_in_as(here) == "ann"


class Stubborn(Revoker):
    """Cannot be asked."""

    name = "stubborn"

    def revoke(self, ending: Any) -> int:
        raise ConnectionError


def test_it_says_what_could_not_be_revoked(both: Any, settings: Any) -> None:
    """The login goes through: the sessions have ended."""
    settings.LOGOUT = {**settings.LOGOUT, "REVOKERS": [f"{__name__}.Stubborn"]}
    here = client_at_limit("/login/?next=/login/")

    answer = here.post(CHOOSE, {"all": "on"})

    assert "could not be revoked yet" in here.get(answer["Location"]).text
    assert logged_in_as(here) == "ann"


def with_token(user: Any) -> tuple[Client, str]:
    """A browser that checks tokens, at the page; and the page's token."""
    here = Client(enforce_csrf_checks=True)
    token = csrf_token(here.get("/login/"))
    log_in(here, csrfmiddlewaretoken=token)
    return here, csrf_token(here.get(CHOOSE))


@pytest.mark.parametrize(
    "sent", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
@pytest.mark.parametrize("what", ["all", "cancel"])
def test_another_site_can_do_nothing(user: Any, both: Any, sent: dict[str, str], what: str) -> None:
    """Neither end, nor log in, nor cancel; the user is asked."""
    here, _ = with_token(user)

    answer = here.post(CHOOSE, {what: "on"}, headers=sent)

    assert answer.status_code == 403
    assert "nothing was changed" in Page(answer).text
    assert here.post(CHOOSE, {what: "on"}, headers={**sent, **JSON}).status_code == 403
    assert [logged_in_as(each) for each in (*both, here)] == ["ann", "ann", ""]
    assert here.get(CHOOSE).status_code == 200


def test_the_token_of_the_page_serves(user: Any, both: Any) -> None:
    """Without the headers that a current browser sends."""
    here, token = with_token(user)
    here.post(CHOOSE, {"all": "on", "csrfmiddlewaretoken": token})
    assert logged_in_as(here) == "ann"


def test_a_stale_token_from_this_very_site_is_no_trap(user: Any, both: Any) -> None:
    """As for logging out: the browser vouches for it."""
    here, _ = with_token(user)
    here.post(CHOOSE, {"all": "on"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert logged_in_as(here) == "ann"


def test_a_program(user: Any, both: Any) -> None:
    """Is told where to choose, from what, and what came of it."""
    here = Client()
    answer = log_in(here, "/login/?next=/quiet/", headers=JSON)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert (problem["reason"], problem["detail"]) == ("login_refused", TOO_MANY)
    assert (problem["choose_url"], problem["login_url"]) == (CHOOSE, "/login/?next=/quiet/")

    listing = here.get(problem["choose_url"], headers=JSON).json()
    assert listing["to_end"] == 1
    assert [each["device"] for each in listing["sessions"]] == [
        "Safari on iPhone",
        "Firefox on Windows",
    ]
    assert {each["current"] for each in listing["sessions"]} == {False}

    data = {"session": listing["sessions"][0]["id"]}
    done = here.post(CHOOSE, data, headers=JSON).json()
    assert (done["ended"], done["complete"], done["reason"]) == ({"session": 1}, True, "limit")
    assert done["redirect_to"] == "/quiet/"
    assert [logged_in_as(each) for each in (*both, here)] == ["ann", "", "ann"]
    late = Client().post(CHOOSE, data, headers=JSON)
    assert (late.status_code, late.json()["reason"]) == (401, "login_lapsed")


def test_a_program_that_cancels(user: Any, both: Any) -> None:
    """The response says that no user is logged in."""
    here = client_at_limit()
    answer = here.post(CHOOSE, {"cancel": "on"}, headers=JSON)
    assert (answer.status_code, answer.json()["login_url"]) == (401, "/login/?next=/")


def test_htmx(user: Any, both: Any) -> None:
    """The whole page moves."""
    here = Client()
    answer = log_in(here, headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, CHOOSE)
    done = here.post(CHOOSE, {"all": "on"}, headers=HTMX)
    assert (done.status_code, done["HX-Redirect"]) == (204, "/")
    assert logged_in_as(here) == "ann"


def test_where_answers_do_not_redirect(user: Any, settings: Any, both: Any) -> None:
    """These still do: what there is to see is on another page."""
    settings.LOGOUT = {
        **settings.LOGOUT,
        "RESPONDERS": ["django_logout.responses.html.HtmlResponder"],
    }
    here = client_at_limit()
    assert here.post(CHOOSE, {"all": "on"})["Location"] == "/"


def test_without_messages_a_page_says_that_it_is_too_late(user: Any, settings: Any) -> None:
    """A redirect could not."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    answer = Client().get(CHOOSE)
    assert answer.status_code == 401
    assert LAPSED in answer.text


def test_other_methods(both: Any) -> None:
    """Do nothing."""
    here = client_at_limit()
    assert here.delete(CHOOSE).status_code == 405
    assert here.head(CHOOSE).status_code == 200
    assert logged_in_as(here) == ""


def test_a_body_that_is_broken(both: Any) -> None:
    """Chooses nothing."""
    here = client_at_limit()
    answer = here.post(CHOOSE, b"nonsense", content_type="multipart/form-data; boundary=\xff")
    assert answer.status_code == 400
    assert [logged_in_as(each) for each in both] == ["ann", "ann"]


def test_it_costs_no_more_for_many(
    user: Any, settings: Any, django_assert_num_queries: Any
) -> None:
    """The session, the user, whether the note was used (or has been ended with all there were, by
    a cut-off or an ending), and the list."""
    settings.SESSION_ENGINE = ENGINES["db"]
    settings.LOGOUT = {}
    for _ in range(5):
        browser(user)
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    here = client_at_limit()
    with django_assert_num_queries(5):
        here.get(CHOOSE)
