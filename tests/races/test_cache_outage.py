"""F11: with Redis down, hung or lost in the middle, logging out was "done": 302, cookie deleted.
When Redis was back, the session was alive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import AsyncClient, Client

from django_logout.models import LogoutEvent
from django_logout.views import AsyncLogoutView
from tests.clients import LOGOUT, Page, copy_of, logged_in_as
from tests.races.own_redis import OwnRedis
from tests.revokers.failing_revokers import Saboteur
from tests.settings import ENGINES
from tests.urlconf import OUT, routes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.needs("redis-server"),
]

DJANGOS = "django.core.cache.backends.redis.RedisCache"
CLIENTS = {
    "Django": {"BACKEND": DJANGOS},
    "django-redis": {"BACKEND": "django_redis.cache.RedisCache"},
    "django-redis, errors ignored": {
        "BACKEND": "django_redis.cache.RedisCache",
        "OPTIONS": {"IGNORE_EXCEPTIONS": True},
    },
}
#: Seconds: long enough for a server that answers, however busy the machine is.
TIMEOUT = 1.0
TIMEOUTS = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Iterator[OwnRedis]:
    """One for all tests of this file."""
    redis = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield redis
    redis.kill()


@pytest.fixture
def redis(server: OwnRedis) -> Iterator[OwnRedis]:
    """Up before the test and after it."""
    yield server
    server.wake()
    server.kill()
    server.start()


@pytest.fixture(params=CLIENTS)
def client_library(request: Any) -> str:
    """The cache backend, by name."""
    return str(request.param)


@pytest.fixture(params=["cache", "cached_db", "signed_cookies", "file"])
def site(request: Any, redis: OwnRedis, settings: Any, client_library: str, tmp_path: Path) -> str:
    """An engine that needs the gate, with this Redis behind it; gives the engine's name."""
    backend = CLIENTS[client_library]
    options = dict(backend.get("OPTIONS", {}))  # type: ignore[call-overload]
    if client_library == "Django":
        options |= TIMEOUTS
    else:
        options |= {"SOCKET_TIMEOUT": TIMEOUT, "SOCKET_CONNECT_TIMEOUT": TIMEOUT}
    settings.CACHES = {"default": {**backend, "LOCATION": redis.url, "OPTIONS": options}}
    settings.SESSION_ENGINE = ENGINES[request.param]
    settings.SESSION_FILE_PATH = str(tmp_path)
    return str(request.param)


@pytest.fixture
def browser(site: str, user: Any) -> Client:
    """Logged in while all was well, with something in the session."""
    client = Client()
    client.force_login(user)
    assert client.get("/write/").status_code == 200
    return client


def test_all_is_well_while_redis_is_up(browser: Client) -> None:
    """Or the other tests would prove nothing."""
    thief = copy_of(browser)

    assert browser.post(LOGOUT).status_code == 200
    assert logged_in_as(thief) == ""


@pytest.mark.parametrize("fault", ["kill", "hang"])
@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_down_or_hung_is_503_the_truth_and_a_second_chance(
    site: str, browser: Client, redis: OwnRedis, fault: str, url: str
) -> None:
    """By our view and by Django's function: not ended, cookie kept, and the retry works."""
    thief, cookie = copy_of(browser), browser.cookies["sessionid"].value
    getattr(redis, fault)()

    response = browser.post(url)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "You may still be logged in" in Page(response).text
    assert browser.cookies["sessionid"].value == cookie
    assert not LogoutEvent.objects.exists()

    recover(redis, fault)
    assert logged_in_as(browser) == "ann"
    assert browser.post(url).status_code in {200, 302}
    assert logged_in_as(browser) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


def recover(redis: OwnRedis, fault: str) -> None:
    """The operator has done his work."""
    if fault == "hang":
        redis.wake()
    else:
        redis.start()
    caches.close_all()


@pytest.mark.parametrize("fault", ["kill", "hang"])
def test_lost_in_the_middle_is_503_and_a_second_chance(
    site: str, browser: Client, redis: OwnRedis, settings: Any, fault: str
) -> None:
    """The row says ended, the cache could not be told: never "you are logged out" before every
    process knows."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Saboteur"]}
    thief, cookie = copy_of(browser), browser.cookies["sessionid"].value
    Saboteur.act = staticmethod(getattr(redis, fault))

    assert browser.post(LOGOUT).status_code == 503
    assert browser.cookies["sessionid"].value == cookie

    recover(redis, fault)
    assert browser.post(LOGOUT).status_code == 200
    assert logged_in_as(browser) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


@pytest.mark.parametrize("url", ["/", "/private/", "/write/"])
def test_other_pages_never_lose_the_session_to_an_outage(
    site: str, browser: Client, redis: OwnRedis, url: str
) -> None:
    """Whatever they answer meanwhile, the cookie stays, and so does the login."""
    cookie = browser.cookies["sessionid"].value
    browser.raise_request_exception = False
    redis.kill()

    browser.get(url)

    recover(redis, "kill")
    assert browser.cookies["sessionid"].value == cookie or site == "signed_cookies"
    assert logged_in_as(browser) == "ann"


async def test_the_asynchronous_view(
    redis: OwnRedis, client_library: str, user: Any, settings: Any
) -> None:
    """The same truth under ASGI."""
    settings.CACHES = {"default": {**CLIENTS[client_library], "LOCATION": redis.url}}
    settings.SESSION_ENGINE = ENGINES["cache"]
    settings.ROOT_URLCONF = routes(AsyncLogoutView.as_view())
    client = AsyncClient()
    await client.aforce_login(user)
    redis.kill()

    assert (await client.post(OUT)).status_code == 503

    recover(redis, "kill")
    assert (await client.get("/")).content == b"user=ann"
    assert (await client.post(OUT)).status_code == 200
    assert (await client.get("/")).content == b"user="
