"""``interleave``: it has to show what is broken, and stay calm where nothing is."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from django_logout import Target, end_sessions
from django_logout.testing import assert_logged_out, copy_client, interleave
from django_logout.utils.context import current_request
from tests.backends import cache_from_url
from tests.pages import LOGOUT, signed_in
from tests.settings import ENGINES, MIDDLEWARE
from tests.urls import urlpatterns as ours

OURS = "django_logout.middleware.LogoutMiddleware"
CACHE_SET = "django.core.cache.backends.locmem.LocMemCache.set"


def rotate(request: HttpRequest) -> HttpResponse:
    """As a change of the password does for the one who makes it."""
    update_session_auth_hash(request, get_user(request))
    return HttpResponse("rotated")


def fail(request: HttpRequest) -> HttpResponse:
    """A view of the project's."""
    raise LookupError


urlpatterns = [path("rotate/", rotate), path("fail/", fail), *ours]

#: Where Django alone lets an ended session come back: what its request asks for, and where it is
#: when the session ends.
REVIVALS = [
    pytest.param("signed_cookies", "/write/", "", id="signed_cookies"),
    pytest.param("cached_db", "/write/", CACHE_SET, id="cached_db"),
    pytest.param("cache", "/write/", CACHE_SET, id="cache"),
    pytest.param("db", "/rotate/", "", id="db-rotated"),
]


@pytest.fixture
def site(settings: Any) -> Any:
    """A site with a page that gives the session a new key."""
    settings.ROOT_URLCONF = __name__
    settings.CACHES = {"default": {**cache_from_url("locmem://"), "KEY_PREFIX": uuid4().hex}}
    return settings


def race(browser: Client, address: str, before: str) -> bool:
    """Log out while a request is under way; whether anybody is logged in afterwards."""
    other_tab = copy_client(browser)
    with interleave(browser, lambda: other_tab.post(LOGOUT), before=before):
        browser.get(address)
    return bool(signed_in(browser))


@pytest.mark.parametrize(("engine_name", "address", "before"), REVIVALS)
@pytest.mark.django_db
def test_it_shows_what_is_broken(
    site: Any, user: Any, engine_name: str, address: str, before: str
) -> None:
    """Django alone: whoever has logged out is logged in again."""
    site.SESSION_ENGINE = ENGINES[engine_name]
    site.MIDDLEWARE = [each for each in MIDDLEWARE if each != OURS]
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    assert race(browser, address, before)


@pytest.mark.parametrize(("engine_name", "address", "before"), REVIVALS)
@pytest.mark.django_db
def test_and_stays_calm_where_nothing_is(
    site: Any, user: Any, engine_name: str, address: str, before: str
) -> None:
    """The same with the package."""
    site.SESSION_ENGINE = ENGINES[engine_name]
    browser = Client()
    browser.force_login(user)
    assert not race(browser, address, before)
    assert_logged_out(browser)


def test_the_request_goes_on_where_it_was(ann: Client) -> None:
    """It is answered, once; the next one and other clients are not held."""
    happened = []
    with interleave(ann, lambda: happened.append(signed_in(Client()))):
        assert ann.get("/write/").status_code == 200
    assert signed_in(ann) == "ann"
    assert happened == [""]


def test_what_happens_meanwhile_is_no_part_of_the_request(ann: Client, user: Any) -> None:
    """It is not taken for what the request itself does."""
    seen = []

    def during() -> None:
        seen.append(current_request.get())
        end_sessions(Target.user(user))

    with interleave(ann, during):
        assert ann.get("/write/").status_code == 302
    assert seen == [None]
    assert_logged_out(ann)


@pytest.mark.usefixtures("site")
def test_a_view_that_fails_is_held_too(ann: Client) -> None:
    """Its error goes on where it was going."""
    happened = []
    with pytest.raises(LookupError), interleave(ann, lambda: happened.append(True)):
        ann.get("/fail/")
    assert happened


def test_a_point_that_is_not_reached_is_a_failure(ann: Client) -> None:
    """Else a test could pass for having tried nothing."""
    for before in ("", CACHE_SET):
        quiet = interleave(ann, print, before=before)
        with pytest.raises(AssertionError, match="has not come"), quiet:
            pass


def test_what_fails_in_between_fails_the_test(ann: Client) -> None:
    """And leaves the client as it was."""
    with pytest.raises(ZeroDivisionError), interleave(ann, lambda: 1 / 0):
        ann.get("/write/")
    assert signed_in(ann) == "ann"


def test_nor_is_that_hidden_by_an_error_page(ann: Client) -> None:
    """Which clients can be told to take."""
    ann.raise_request_exception = False
    with pytest.raises(ZeroDivisionError), interleave(ann, lambda: 1 / 0):
        assert ann.get("/write/").status_code == 500


def test_the_client_itself_may_go_on_meanwhile(ann: Client) -> None:
    """Another request of the same browser is not held again."""
    with interleave(ann, lambda: ann.post(LOGOUT)):
        assert ann.get("/write/").status_code == 302
    assert_logged_out(ann)
