"""Ending one session, the others, all of them."""

from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_out
from django.contrib.messages import get_messages
from django.test import AsyncClient, Client
from django.utils import timezone

from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import registry
from django_logout.sessions.devices import device_name
from django_logout.sessions.identity import identify
from django_logout.signals import session_ended
from django_logout.views import AsyncLogoutView, OthersEndView
from tests.clients import (
    EVERYWHERE,
    IPHONE,
    JSON,
    LOGOUT,
    OTHERS,
    SELECTED,
    SESSIONS,
    Page,
    age,
    before_us,
    browser,
    copy_of,
    end_url,
    id_of,
    listed,
    logged_in_as,
    notices,
)
from tests.outages import make_cache_unwritable
from tests.settings import ENGINES
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def test_ending_one_ends_that_one(user: Any, engine: str) -> None:
    """And no other; the page says so."""
    here, phone, third = (browser(user) for _ in range(3))
    copied = copy_of(phone)

    response = here.post(end_url(id_of(phone)), follow=True)

    assert response.redirect_chain == [(SESSIONS, 302)]
    assert notices(response) == ["Logged out: Firefox on Windows."]
    assert logged_in_as(phone) == logged_in_as(copied) == ""
    assert logged_in_as(here) == logged_in_as(third) == "ann"
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.actor) == ("remote", "session", user)


def test_ending_those_that_are_selected(user: Any, other: Any, engine: str) -> None:
    """One by one, or by the box of their device; neither this one nor that of another user."""
    here, *others = (browser(user) for _ in range(4))
    stranger = browser(other)
    ids = [id_of(client) for client in others]
    given = [f"{ids[0]} {ids[1]}", id_of(here), id_of(stranger), "rubbish", str(uuid4())]

    response = here.post(SELECTED, {"session": given}, follow=True)

    assert response.redirect_chain == [(SESSIONS, 302)]
    assert notices(response) == ["Sessions ended: 2."]
    assert [logged_in_as(client) for client in others] == ["", "", "ann"]
    assert (logged_in_as(here), logged_in_as(stranger)) == ("ann", "bob")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.actor) == ("remote", "sessions", user)


def test_json_ends_those_that_are_selected(user: Any) -> None:
    """With the same answer as for the others."""
    here, phone = browser(user), browser(user)

    response = here.post(SELECTED, {"session": [id_of(phone)]}, headers=JSON)

    assert response.json()["ended"] == {"session": 1}
    assert response.json()["logged_out"] is False
    assert logged_in_as(phone) == ""


@pytest.mark.parametrize("ask", ["get", "post"])
@pytest.mark.parametrize("given", [[], ["rubbish"], ["this session"]])
def test_nothing_selected_ends_nothing(user: Any, ask: str, given: list[str]) -> None:
    """The page says what to do; JSON gets a problem."""
    here, phone = browser(user), browser(user)
    data = {"session": [each.replace("this session", id_of(here)) for each in given]}

    response = getattr(here, ask)(SELECTED, data)

    assert response.status_code == 400
    assert "Select the sessions that you want to end." in Page(response).text
    answer = getattr(here, ask)(SELECTED, data, headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "ann")


@pytest.mark.parametrize("what", ["one", "selected", "others"])
def test_the_question_names_the_device_and_can_be_cancelled(user: Any, what: str) -> None:
    """GET ends nothing; the form of its page ends what it names, and Cancel leads to the list."""
    here, phone, third = browser(user), browser(user, IPHONE), browser(user)
    ids = [id_of(client) for client in (phone, third)]
    url, heading, ended = {
        "one": (end_url(ids[0]), "End this session?", ["", "ann"]),
        "selected": (f"{SELECTED}?session={'+'.join(ids)}", "End the selected sessions?", ["", ""]),
        "others": (OTHERS, "End all other sessions?", ["", ""]),
    }[what]

    response = here.get(url)

    page = Page(response)
    assert response.status_code == 200
    assert heading in page.text
    assert device_name(IPHONE) in page.text
    assert [link["href"] for link in page.all("a")] == [SESSIONS]
    assert [logged_in_as(client) for client in (phone, third)] == ["ann", "ann"]
    assert not LogoutEvent.objects.exists()

    (form,) = page.all("form")
    names = [each["value"] for each in page.all("input") if each["name"] == "session"]
    assert here.post(str(form["action"]), {"session": names}).status_code == 302
    assert [logged_in_as(client) for client in (phone, third)] == ended
    assert logged_in_as(here) == "ann"


@pytest.mark.parametrize("url", [OTHERS, SELECTED])
def test_the_question_as_json_has_what_would_end(user: Any, url: str) -> None:
    """And the keys of the list."""
    here, phone = browser(user), browser(user)

    found = here.get(url, {"session": id_of(phone)}, headers=JSON).json()["sessions"]

    assert [entry["id"] for entry in found] == [id_of(phone)]
    assert found == [entry for entry in listed(here) if not entry["current"]]


def test_the_question_for_what_has_ended_meanwhile(user: Any) -> None:
    """There is nothing to ask: the list says so."""
    here, phone = browser(user), browser(user)
    url = end_url(id_of(phone))
    phone.post(LOGOUT)

    for asked in (url, OTHERS):
        response = here.get(asked, follow=True)
        assert response.redirect_chain == [(SESSIONS, 302)]
        assert notices(response) == ["There was nothing left to end."]


def test_the_question_for_this_session_is_that_of_logging_out(user: Any) -> None:
    """And so is its form."""
    here = browser(user)

    page = Page(here.get(end_url(id_of(here))))

    assert "Log out?" in page.text
    assert here.post(str(page.all("form")[0]["action"])).status_code == 200
    assert logged_in_as(here) == ""


def test_ending_the_others_keeps_this_one(user: Any, other: Any, engine: str) -> None:
    """And everybody else's."""
    here, *others = (browser(user) for _ in range(4))
    stranger = browser(other)

    response = here.post(OTHERS, headers=JSON)

    assert response.json() == {
        "logged_out": False,
        "complete": True,
        "reason": "remote",
        "ended": {"session": 3},
        "failed": [],
        "redirect_to": SESSIONS,
    }
    assert [logged_in_as(client) for client in others] == ["", "", ""]
    assert (logged_in_as(here), logged_in_as(stranger)) == ("ann", "bob")


@pytest.mark.parametrize(("url", "data"), [(EVERYWHERE, {}), (LOGOUT, {"everywhere": "on"})])
def test_everywhere_ends_this_session(
    user: Any, other: Any, engine: str, url: str, data: dict[str, str]
) -> None:
    """By the button, and by the tick box of the question; the page tells."""
    here, phone, stranger = browser(user), browser(user), browser(other)

    response = here.post(url, data)

    assert response.status_code == 200
    assert "on all your devices" in Page(response).text
    assert logged_in_as(here) == logged_in_as(phone) == ""
    assert logged_in_as(stranger) == "bob"
    event = LogoutEvent.objects.get()
    assert (event.scope, event.reason) == ("user", "everywhere")


@pytest.mark.parametrize(
    ("way", "reason", "sentence"),
    [
        ("one", "remote", "You were logged out from another device or browser."),
        ("others", "remote", "You were logged out from another device or browser."),
        ("everywhere", "everywhere", "You logged out everywhere."),
    ],
)
def test_device_is_told_that_it_was_logged_out_elsewhere(
    user: Any, engine: str, way: str, reason: str, sentence: str
) -> None:
    """Not "You logged out.": its user did so on another device."""
    here, phone = browser(user), browser(user)
    app = copy_of(phone)
    urls = {"one": end_url(id_of(phone)), "others": OTHERS, "everywhere": EVERYWHERE}
    here.post(urls[way])

    refused = app.get(SESSIONS, headers=JSON)
    assert (refused.status_code, refused.json()["reason"]) == (401, reason)
    told = get_messages(phone.get(SESSIONS).wsgi_request)
    assert [str(message) for message in told] == [sentence]


def test_everywhere_is_a_logout_of_this_browser(user: Any, settings: Any) -> None:
    """With what that means: Django's signal, what is to be kept, where to go next."""
    settings.LOGOUT = {"KEEP_SESSION_KEYS": ["count"]}
    heard: list[Any] = []

    def receiver(user: Any, **kwargs: Any) -> None:
        heard.append(user)

    user_logged_out.connect(receiver)
    try:
        here = browser(user)
        here.get("/write/")
        response = here.post(EVERYWHERE, {"next": "/write/"}, follow=True)
    finally:
        user_logged_out.disconnect(receiver)

    assert heard == [user]
    assert response.content == b"user= count=2"


def test_everywhere_ends_the_second_account_of_this_browser(
    user: Any, other: Any, engine: str
) -> None:
    """F14: two cookies, two accounts; a logout ends both sessions."""
    here, phone, stranger = browser(user), browser(user), browser(other)
    thief = copy_of(stranger)
    name = django_settings.SESSION_COOKIE_NAME
    header = "; ".join(f"{name}={client.cookies[name].value}" for client in (stranger, here))

    Client().post(EVERYWHERE, headers={"Cookie": header})

    assert logged_in_as(here) == logged_in_as(phone) == logged_in_as(thief) == ""


async def test_everywhere_under_asgi(user: Any, settings: Any) -> None:
    """The same sentences, and the same objections."""
    settings.ROOT_URLCONF = routes(AsyncLogoutView.as_view())
    here, phone = AsyncClient(), AsyncClient()
    for client in (here, phone):
        await client.aforce_login(user)

    await LoginSession.objects.aupdate(authenticated_at=timezone.now() - timedelta(hours=1))
    assert "again" in (await here.post(OUT, {"everywhere": "on"}))["Location"]
    assert (await phone.get("/")).content == b"user=ann"

    await LoginSession.objects.aupdate(authenticated_at=timezone.now())
    response = await here.post(OUT, {"everywhere": "on"})
    assert "on all your devices" in Page(response).text
    assert (await here.get("/")).content == (await phone.get("/")).content == b"user="


def test_unregistered_other_sessions_end(user: Any, engine: str) -> None:
    """A session from before our time has no row, and is not in the list; it is another all the
    same. This one may be from then, too."""
    old, older = before_us(user), before_us(user)
    here = browser(user)
    here.post(OTHERS)
    assert (logged_in_as(old), logged_in_as(older), logged_in_as(here)) == ("", "", "ann")


def test_the_others_end_though_a_request_in_flight_registers_them_later(
    user: Any, engine: str
) -> None:
    """It was let in before, and writes the row when all is over."""
    old, here = before_us(user), browser(user)
    key = old.cookies[django_settings.SESSION_COOKIE_NAME].value
    store = import_module(django_settings.SESSION_ENGINE).SessionStore(key)
    identity = identify(store.load(), key)
    assert identity

    here.post(OTHERS)
    registry.adopt_session(store, identity)

    assert (logged_in_as(old), logged_in_as(here)) == ("", "ann")


@pytest.mark.parametrize("seen_before", [False, True])
def test_an_old_session_that_ends_the_others_goes_on(
    user: Any, settings: Any, engine: str, seen_before: bool
) -> None:
    """Also if it has been registered by that very request."""
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    here, phone = before_us(user), browser(user)
    if seen_before:
        here.get("/")
    here.post(OTHERS)
    assert (logged_in_as(here), logged_in_as(phone), logged_in_as(here)) == ("ann", "", "ann")


def test_ending_this_one_is_a_logout(user: Any, settings: Any) -> None:
    """It goes where logging out goes, however long ago the login was."""
    settings.LOGOUT_REDIRECT_URL = "/quiet/"
    here, phone = browser(user), browser(user)
    age(3600)

    response = here.post(end_url(id_of(here)))

    assert response["Location"] == "/quiet/"
    assert (logged_in_as(here), logged_in_as(phone)) == ("", "ann")


@pytest.mark.parametrize("url", [SESSIONS, OTHERS, end_url(UUID(int=1)), EVERYWHERE])
def test_anonymous_visitor_is_sent_to_the_login_page(client: Client, url: str) -> None:
    """A page by redirect, JSON by 401, htmx by its header; and back to the list."""
    ask = client.get if url == SESSIONS else client.post
    login = f"/login/?next={SESSIONS}"

    assert ask(url)["Location"] == login
    if url == SESSIONS:  # which comes back as it was asked for
        assert ask(f"{url}?page=2")["Location"] == f"{login}%3Fpage%3D2"
    response = ask(url, headers=JSON)
    assert (response.status_code, response.json()["login_url"]) == (401, login)
    assert response["Content-Type"] == "application/problem+json"
    assert ask(url, headers={"HX-Request": "true"})["HX-Redirect"] == login


def test_everywhere_asks_when_it_is_got(user: Any) -> None:
    """As the logout URL does, in other words; and there is nothing to tick."""
    page = Page(browser(user).get(EVERYWHERE))

    assert "All your sessions on all devices will end." in page.text
    assert page.field("everywhere") is None


def test_a_revoker_that_fails_is_told_of(user: Any, settings: Any) -> None:
    """The sessions have ended, and it is not said that all has."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}
    here, phone = browser(user), browser(user)

    response = here.post(end_url(id_of(phone)), follow=True)

    assert notices(response) == ["Sessions ended: 1. Some related access could not be revoked yet."]
    assert logged_in_as(phone) == ""


def test_each_ending_is_announced_once(user: Any) -> None:
    """With who asked for it."""
    heard: list[Any] = []

    def receiver(session: Any, actor: Any, **kwargs: Any) -> None:
        heard.append((session.id, actor))

    here, *others = (browser(user) for _ in range(3))
    ids = {UUID(id_of(client)) for client in others}
    session_ended.connect(receiver)
    try:
        here.post(OTHERS)
    finally:
        session_ended.disconnect(receiver)

    assert len(heard) == 2
    assert {session_id for session_id, _ in heard} == ids
    assert {actor for _, actor in heard} == {user}


@pytest.mark.parametrize("number", [2, 5, 1000])
@pytest.mark.parametrize("url", [OTHERS, EVERYWHERE])
def test_ending_takes_a_constant_number_of_queries(
    user: Any, settings: Any, url: str, number: int, django_assert_max_num_queries: Any
) -> None:
    """Seven and eight beside Django's own two, however many there are."""
    settings.SESSION_ENGINE = ENGINES["db"]
    here = browser(user)
    later = timezone.now() + timedelta(1)
    LoginSession.objects.bulk_create(
        LoginSession(user=user, expires_at=later, session_key=uuid4().hex)
        for _ in range(number - 1)
    )

    with django_assert_max_num_queries(10):
        here.post(url)


def test_an_outage_is_told_as_for_logging_out(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and nothing has ended."""
    here, phone = browser(user), browser(user)
    url = end_url(id_of(phone))
    make_cache_unwritable(monkeypatch)

    assert here.post(url).status_code == 503
    monkeypatch.undo()
    assert logged_in_as(phone) == "ann"


def test_without_the_list_one_lands_where_a_login_does(user: Any, settings: Any) -> None:
    """A project that takes this one view: not at itself, which only ends."""
    settings.ROOT_URLCONF = routes(OthersEndView.as_view())[:-1]
    settings.LOGIN_REDIRECT_URL = "home"
    here, phone = browser(user), browser(user)

    assert here.post(OUT)["Location"] == "/"

    assert (logged_in_as(here), logged_in_as(phone)) == ("ann", "")
