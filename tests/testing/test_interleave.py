"""``interleave`` shows that Django alone restores ended sessions, and the package does not."""

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
from tests.clients import LOGOUT, logged_in_as, unguarded
from tests.settings import ENGINES, MIDDLEWARE
from tests.urls import urlpatterns as ours

OURS = "django_logout.middleware.LogoutMiddleware"
CACHE_SET = "django.core.cache.backends.locmem.LocMemCache.set"


def rotate(request: HttpRequest) -> HttpResponse:
    """Rotate the session key, as a change of the password does."""
    update_session_auth_hash(request, get_user(request))
    return HttpResponse("rotated")


def fail(request: HttpRequest) -> HttpResponse:
    """Raise an error, as a view of the project may."""
    raise LookupError


urlpatterns = [path("rotate/", rotate), path("fail/", fail), *ours]

#: Engines on which Django alone restores an ended session, with the page that is requested and the
#: call before which the session ends.
RESTORING = [
    pytest.param("signed_cookies", "/write/", "", id="signed_cookies"),
    pytest.param("cached_db", "/write/", CACHE_SET, id="cached_db"),
    pytest.param("cache", "/write/", CACHE_SET, id="cache"),
    pytest.param("db", "/rotate/", "", id="db-rotated"),
]


@pytest.fixture
def site(settings: Any) -> Any:
    """A site with a page that rotates the session key."""
    settings.ROOT_URLCONF = __name__
    settings.CACHES = {"default": {**cache_from_url("locmem://"), "KEY_PREFIX": uuid4().hex}}
    return settings


def race(browser: Client, address: str, before: str) -> bool:
    """Log out while a request is in flight. Return whether a user is logged in afterwards."""
    other_tab = copy_client(browser)
    with interleave(browser, lambda: other_tab.post(LOGOUT), before=before):
        browser.get(address)
    return bool(logged_in_as(browser))


@pytest.mark.parametrize(("engine_name", "address", "before"), RESTORING)
@pytest.mark.django_db
def test_django_alone_restores_ended_session(
    site: Any, user: Any, engine_name: str, address: str, before: str
) -> None:
    """The user has logged out, and is logged in again."""
    site.SESSION_ENGINE = ENGINES[engine_name]
    site.MIDDLEWARE = [each for each in MIDDLEWARE if each != OURS]
    with unguarded():
        browser = Client(raise_request_exception=False)
        browser.force_login(user)
        assert race(browser, address, before)


@pytest.mark.parametrize(("engine_name", "address", "before"), RESTORING)
@pytest.mark.django_db
def test_package_does_not_restore_ended_session(
    site: Any, user: Any, engine_name: str, address: str, before: str
) -> None:
    """The session stays ended with the same timing."""
    site.SESSION_ENGINE = ENGINES[engine_name]
    browser = Client()
    browser.force_login(user)
    assert not race(browser, address, before)
    assert_logged_out(browser)


def test_paused_request_completes(ann: Client) -> None:
    """Neither its next request nor those of other clients are paused."""
    seen = []
    with interleave(ann, lambda: seen.append(logged_in_as(Client()))):
        assert ann.get("/write/").status_code == 200
    assert logged_in_as(ann) == "ann"
    assert seen == [""]


def test_during_is_not_part_of_paused_request(ann: Client, user: Any) -> None:
    """The current request is unset while ``during`` runs."""
    seen = []

    def during() -> None:
        seen.append(current_request.get())
        end_sessions(Target.user(user))

    with interleave(ann, during):
        assert ann.get("/write/").status_code == 302
    assert seen == [None]
    assert_logged_out(ann)


@pytest.mark.usefixtures("site")
def test_failing_view_is_paused_too(ann: Client) -> None:
    """Its error propagates."""
    called = []
    with pytest.raises(LookupError), interleave(ann, lambda: called.append(True)):
        ann.get("/fail/")
    assert called


def test_moment_that_is_not_reached_fails_the_test(ann: Client) -> None:
    """Otherwise a test could pass without having tested anything."""
    for before in ("", CACHE_SET):
        quiet = interleave(ann, print, before=before)
        with pytest.raises(AssertionError, match="did not reach"), quiet:
            pass


def test_error_in_during_fails_the_test(ann: Client) -> None:
    """The client can be used afterwards."""
    with pytest.raises(ZeroDivisionError), interleave(ann, lambda: 1 / 0):
        ann.get("/write/")
    assert logged_in_as(ann) == "ann"


def test_error_page_does_not_hide_error_in_during(ann: Client) -> None:
    """The client may be set to return the page instead of raising."""
    ann.raise_request_exception = False
    with pytest.raises(ZeroDivisionError), interleave(ann, lambda: 1 / 0):
        assert ann.get("/write/").status_code == 500


def test_client_can_be_used_in_during(ann: Client) -> None:
    """Its request in ``during`` is not paused."""
    with interleave(ann, lambda: ann.post(LOGOUT)):
        assert ann.get("/write/").status_code == 302
    assert_logged_out(ann)
