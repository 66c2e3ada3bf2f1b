"""Sessions that expire by the clock: idle, too old, by user; refused before the view runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, aget_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils import timezone

from django_logout import Target, activity, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.counting import cost
from tests.pages import LOGOUT, copy_of, signed_in
from tests.routes import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/private/?page=2&q=a%26b"
IDLE = {"IDLE_TIMEOUT": timedelta(minutes=10)}
AGE = {"MAX_AGE": 3600}
AWAY = "You were away for long, so you were logged out."


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is shifted."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@contextmanager
def another_process() -> Iterator[None]:
    """A process that remembers nothing of what this one has seen."""
    mine = dict(activity._memories)
    activity._memories.clear()
    try:
        yield
    finally:
        activity._memories.clear()
        activity._memories.update(mine)


def browser(user: Any) -> Client:
    """A browser in which somebody has just logged in."""
    client = Client()
    client.force_login(user)
    return client


def reasons() -> list[str]:
    """Why sessions have ended, event by event."""
    return list(LogoutEvent.objects.order_by("created_at").values_list("reason", flat=True))


def test_idle_for_long_enough_and_it_is_over(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The page is not served; the login page says why, and leads back to the same URL."""
    settings.LOGOUT = IDLE
    client = browser(user)
    clock.shift(599)
    assert signed_in(client) == "ann"
    clock.shift(600)

    response = client.get(PAGE)

    where = urlsplit(response["Location"])
    assert (where.path, parse_qs(where.query)) == ("/login/", {"next": [PAGE]})
    assert AWAY in client.get(response["Location"]).text
    assert reasons() == ["idle"]
    assert LoginSession.objects.get().ended_at == timezone.now()


def test_activity_puts_idleness_off_but_not_age(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Both limits at once; whichever comes first."""
    settings.LOGOUT = {**IDLE, **AGE}
    client = browser(user)
    for _ in range(7):
        clock.shift(500)
        assert signed_in(client) == "ann"
    clock.shift(100)

    assert signed_in(client) == ""
    assert reasons() == ["max_age"]


def test_age_is_of_the_session_not_of_the_last_login(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """A login on another device makes nobody younger."""
    settings.LOGOUT = AGE
    first = browser(user)
    clock.shift(1800)
    second = browser(user)
    clock.shift(1800)

    assert (signed_in(first), signed_in(second)) == ("", "ann")


def test_logging_in_again_in_a_session_begins_anew(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Both limits, on every process (NIST SP 800-63B-4, 5.2)."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 3600, **AGE}
    client = browser(user)
    clock.shift(3000)
    assert client.post("/login/", {"username": "ann", "password": "pw"}).status_code == 302
    clock.shift(3000)

    assert signed_in(client) == "ann"
    with another_process():
        assert signed_in(client) == "ann"
    clock.shift(600)
    assert signed_in(client) == ""
    assert reasons() == ["max_age"]


def test_what_has_expired_stays_so(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """For a copied cookie too, with limits that have become longer, and with one event."""
    settings.LOGOUT = IDLE
    client = browser(user)
    copy = copy_of(client)
    heard = []
    session_ended.connect(lambda **facts: heard.append(facts["reason"]), weak=False)
    clock.shift(600)
    assert signed_in(client) == ""
    settings.LOGOUT = {}

    try:
        assert signed_in(copy) == ""
        with another_process():
            assert signed_in(copy) == ""
    finally:
        session_ended.receivers.pop()
    assert (reasons(), heard) == (["idle"], ["idle"])


def test_nothing_of_it_is_left_in_the_engine(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Not until the cookie's own age: the guest's cart and the rest go too."""
    settings.LOGOUT = IDLE
    client = browser(user)
    key = client.cookies["sessionid"].value
    clock.shift(600)
    signed_in(client)

    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    assert engine == "signed_cookies" or store.load() == {}
    assert client.cookies["sessionid"].value == ""


def test_within_the_limits_it_costs_nothing(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Not a query more than without limits, on any engine."""
    settings.LOGOUT = {"TOUCH_INTERVAL": 3600}
    client = browser(user)
    client.get(PAGE)
    with cost() as usual:
        client.get(PAGE)
    settings.LOGOUT = {**IDLE, **AGE, "TOUCH_INTERVAL": 3600}
    clock.shift(100)

    with cost() as limited:
        assert client.get(PAGE).status_code == 200

    assert limited.queries == usual.queries


def test_a_process_that_meets_a_session_asks_once(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Then it remembers."""
    settings.LOGOUT = IDLE
    client = browser(user)
    with cost() as usual:
        client.get(PAGE)
    with another_process():
        with cost() as first:
            client.get(PAGE)
        with cost() as second:
            client.get(PAGE)

    assert (first.queries, second.queries) == (usual.queries + 1, usual.queries)


def test_age_alone_asks_nobody(user: Any, settings: Any, clock: Any) -> None:
    """When it began stands in the session's own data."""
    settings.LOGOUT = AGE
    client = browser(user)
    client.get(PAGE)
    with another_process():
        clock.shift(59)  # or its activity would be written, as that process has not done
        activity.remember(LoginSession.objects.get()).begun = None
        with cost() as found:
            assert client.get(PAGE).status_code == 200
    assert found.queries == cost_of_a_page(client)


def cost_of_a_page(client: Client) -> int:
    """In queries, when nothing else is to be done."""
    client.get(PAGE)
    with cost() as found:
        client.get(PAGE)
    return found.queries


def test_activity_in_another_process_counts(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """What a process remembers is not the whole truth: it asks before it refuses."""
    settings.LOGOUT = IDLE
    client = browser(user)
    with another_process():
        clock.shift(400)
        assert signed_in(client) == "ann"
    clock.shift(400)

    assert signed_in(client) == "ann"


def test_another_process_is_early_by_an_interval_at_most(
    user: Any, settings: Any, clock: Any
) -> None:
    """However the processes take turns, and however long the interval that was asked for."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 400, "TOUCH_INTERVAL": 3600}
    client = browser(user)
    clock.shift(99)
    with another_process():
        assert signed_in(client) == "ann"  # not written: it is no interval yet
        clock.shift(99)
        assert signed_in(client) == "ann"  # written
    clock.shift(301)
    assert signed_in(client) == "ann"
    assert LoginSession.objects.get().last_seen_at == timezone.now()


def test_no_session_lives_longer_for_being_used(user: Any, settings: Any, clock: Any) -> None:
    """Activity is written beside the session, whose own life goes on to its end."""
    settings.LOGOUT = {**IDLE, "TOUCH_INTERVAL": 1}
    client = browser(user)
    client.get("/")
    before = Session.objects.get().expire_date, LoginSession.objects.get().expires_at
    clock.shift(300)

    response = client.get("/")

    assert (Session.objects.get().expire_date, LoginSession.objects.get().expires_at) == before
    assert "sessionid" not in response.cookies
    assert LoginSession.objects.get().last_seen_at == timezone.now()


def test_a_fetch_gets_401_with_the_reason(user: Any, settings: Any, clock: Any) -> None:
    """And not the login page."""
    settings.LOGOUT = IDLE
    client = browser(user)
    clock.shift(600)

    response = client.get(PAGE, headers={"sec-fetch-dest": "empty", "accept": "*/*"})

    assert response.status_code == 401
    assert response.json()["reason"] == "idle"
    assert response.json()["login_url"].startswith("/login/?next=")


def test_htmx_is_sent_to_the_login_page(user: Any, settings: Any, clock: Any) -> None:
    """As a whole page, which says why."""
    settings.LOGOUT = AGE
    client = browser(user)
    clock.shift(3600)

    response = client.get("/private/", headers={"hx-request": "true"})

    assert response.status_code == 204
    assert "greatest age" in client.get(response["HX-Redirect"]).text


def test_logging_in_with_an_expired_cookie(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The old session ends as what it was, the new one lives."""
    settings.LOGOUT = IDLE
    client = browser(user)
    clock.shift(600)

    client.post("/login/", {"username": "ann", "password": "pw"})

    assert signed_in(client) == "ann"
    assert reasons() == ["idle"]
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_logging_out_of_an_expired_session(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Is calm, and ends it once."""
    settings.LOGOUT = IDLE
    client = browser(user)
    clock.shift(600)

    assert client.post(LOGOUT).status_code in {200, 302}
    assert len(reasons()) == 1
    assert signed_in(client) == ""


def test_an_ending_of_the_same_session_meanwhile_is_the_one_that_counts(
    user: Any, settings: Any, clock: Any
) -> None:
    """Two requests meet the expired session; one event."""
    settings.LOGOUT = IDLE
    client = browser(user)
    session = LoginSession.objects.get()
    clock.shift(600)

    def view(request: HttpRequest) -> HttpResponse:
        refused = not request.user.is_authenticated
        end_sessions(Target.session(session.pk), reason="admin")
        return HttpResponse(f"{refused}")

    settings.ROOT_URLCONF = routes(view)
    assert client.get(OUT).content == b"True"
    assert reasons() == ["admin"]


async def apage(request: HttpRequest) -> HttpResponse:
    """Tells who is signed in, in the event loop."""
    return HttpResponse(f"user={(await aget_user(request)).get_username()}")


async def test_under_asgi(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """The same, and the row is not asked in the event loop."""
    settings.LOGOUT = {**IDLE, "MAX_AGE": lambda user, request: 3600}
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)
    clock.shift(599)
    assert (await client.get(OUT)).content == b"user=ann"
    clock.shift(599)
    with another_process():
        assert (await client.get(OUT)).content == b"user=ann"
    clock.shift(600)

    assert (await client.get(OUT)).content == b"user="
    assert [event.reason async for event in LogoutEvent.objects.all()] == ["idle"]


@pytest.mark.parametrize("fails", [False, True])
def test_in_a_view_with_a_transaction_of_its_own(
    engine: str, user: Any, settings: Any, clock: Any, fails: bool
) -> None:
    """It ends outside of that, whatever becomes of it."""
    settings.LOGOUT = IDLE
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True

    def view(request: HttpRequest) -> HttpResponse:
        if fails and not request.user.is_authenticated:
            raise OSError
        return HttpResponse(request.user.get_username())

    settings.ROOT_URLCONF = routes(view)
    client = browser(user)
    client.raise_request_exception = False
    clock.shift(600)
    try:
        client.get(OUT)
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert reasons() == ["idle"]


def who_first(get_response: Any) -> Any:
    """A middleware that asks who it is before ours has seen the session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.user.is_authenticated  # noqa: B018
        return get_response(request)

    return middleware


def test_a_middleware_that_asks_first_lets_nobody_in(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Whom Django has remembered by then is forgotten: expired, or ended."""
    settings.LOGOUT = IDLE
    place = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*ours[:place], f"{__name__}.who_first", *ours[place:]]
    client, other = browser(user), browser(user)
    clock.shift(599)
    assert signed_in(client) == "ann"
    clock.shift(599)
    assert (signed_in(client), signed_in(other)) == ("ann", "")
    copy = copy_of(client)
    end_sessions(Target.user(user))
    assert (signed_in(client), signed_in(copy)) == ("", "")


async def test_a_middleware_that_asks_first_under_asgi(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The same."""
    settings.LOGOUT = IDLE
    settings.ROOT_URLCONF = routes(apage, path("who/", asks_by_attribute))
    place = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*ours[:place], f"{__name__}.who_first", *ours[place:]]
    client = AsyncClient()
    await client.aforce_login(user)
    assert (await client.get("/who/")).content == b"user=ann"
    clock.shift(600)
    assert (await client.get("/who/")).content == b"user="


async def asks_by_attribute(request: HttpRequest) -> HttpResponse:
    """What Django remembers of the user."""
    return HttpResponse(f"user={(await request.auser()).get_username()}")


def test_each_request_saves_its_session(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """Idle is idle: a page that looks at nobody still counts, and an expired session is not saved."""
    settings.LOGOUT = IDLE
    settings.SESSION_SAVE_EVERY_REQUEST = True
    client = browser(user)
    for _ in range(3):
        clock.shift(500)
        assert client.get("/quiet/").status_code == 200
    assert LoginSession.objects.get().last_seen_at == timezone.now()
    clock.shift(600)
    client.get("/quiet/")

    assert reasons() == ["idle"]


def test_a_request_without_a_session_is_left_alone(user: Any, settings: Any) -> None:
    """Even where each request saves its session: it has none."""
    settings.LOGOUT = IDLE
    settings.SESSION_SAVE_EVERY_REQUEST = True
    with cost() as found:
        response = Client().get("/quiet/")
    assert found.queries == 0
    assert "Vary" not in response.headers or "Cookie" not in response["Vary"]


def test_sessions_from_before_our_time_begin_when_they_are_met(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Nobody knows how old they are."""
    settings.LOGOUT = {**IDLE, **AGE}
    client = Client()
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    client.cookies["sessionid"] = store.session_key
    clock.shift(5000)

    assert signed_in(client) == "ann"
    clock.shift(599)
    assert signed_in(client) == "ann"
    clock.shift(600)
    assert signed_in(client) == ""
    assert reasons() == ["idle"]


def test_a_session_without_its_row_is_refused(user: Any, settings: Any, clock: Any) -> None:
    """It claims an id that nobody knows."""
    settings.LOGOUT = IDLE
    client = browser(user)
    LoginSession.objects.all().delete()
    with another_process():
        assert signed_in(client) == ""
    assert reasons() == []
