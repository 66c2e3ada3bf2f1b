"""F11 in a transaction of the project's: what fails after the view is still no "logged out"."""

from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import logout
from tests.clients import Page, copy_of, logged_in_as
from tests.races.own_redis import OwnRedis
from tests.revokers.failing_revokers import Saboteur
from tests.settings import ENGINES
from tests.urlconf import OUT, routes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.needs("redis-server"),
]


@pytest.mark.parametrize("engine_name", ["cache", "cached_db", "signed_cookies"])
@pytest.mark.parametrize("fails", [False, True], ids=["commit", "rollback"])
def test_the_cookie_is_kept_and_the_retry_works(
    redis: OwnRedis,
    user: Any,
    settings: Any,
    monkeypatch: Any,
    engine_name: str,
    fails: bool,
) -> None:
    """A view in a transaction logs out, and Redis goes: 503 although the view has said goodbye, or
    an error of the view's; and a second chance."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        if fails:
            raise RuntimeError("something else in this request")
        return HttpResponse("You have been logged out.")

    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": redis.url}}
    settings.SESSION_ENGINE = ENGINES[engine_name]
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Saboteur"]}
    settings.ROOT_URLCONF = routes(view)
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    thief, cookie = copy_of(client), client.cookies["sessionid"].value
    Saboteur.act = staticmethod(redis.kill)

    response = client.get(OUT)

    assert response.status_code == 503
    assert "You may still be logged in" in Page(response).text
    assert client.cookies["sessionid"].value == cookie

    redis.start()
    caches.close_all()
    client.post("/accounts/logout/")
    assert logged_in_as(client) == logged_in_as(thief) == ""
