"""Passive requests, which are no activity of the user: by path, by name, in namespaces."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from django_logout.models import LoginSession
from tests.clients import logged_in, logged_in_as
from tests.timeouts import reasons
from tests.urlconf import routes

pytestmark = pytest.mark.django_db(transaction=True)


def poll(request: HttpRequest) -> HttpResponse:
    """What a page asks by itself."""
    return HttpResponse(f"user={request.user.get_username()}")


def urls() -> Any:
    """The test site, with a poll in each place."""
    inner = [path("unread/", poll, name="unread"), path("session/", poll, name="logout_status")]
    return routes(
        poll,
        path("poll/", poll, name="poll"),
        path("poll/more/", poll),
        path("chat/", include((inner, "chat"), namespace="chat")),
        path("room/", include((inner, "chat"), namespace="room")),
    )


@pytest.fixture
def ann(user: Any, settings: Any, clock: Any) -> Client:
    """A browser whose session ends when it has been idle for ten minutes."""
    settings.ROOT_URLCONF = urls()
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    return logged_in(user)


@pytest.mark.parametrize(
    ("entries", "url", "passive"),
    [
        ([], "/poll/", False),
        (["/poll/"], "/poll/", True),
        (["/poll/"], "/poll/?since=3", True),
        (["/poll/"], "/poll/more/", False),
        (["/poll"], "/poll/", False),
        (["/poll/*"], "/poll/more/", True),
        (["/POLL/"], "/poll/", False),
        (["poll"], "/poll/", True),
        (["unread"], "/chat/unread/", False),
        (["chat:unread"], "/chat/unread/", True),
        (["chat:unread"], "/room/unread/", False),
        (["*:unread"], "/room/unread/", True),
        (["chat:*"], "/chat/unread/", True),
        (["tests.sessions.test_activity_passive.poll"], "/poll/more/", True),
        (["/gone/"], "/gone/", True),
        (["gone"], "/gone/", False),
    ],
)
def test_a_passive_request_is_no_activity(
    ann: Client, settings: Any, clock: Any, entries: list[str], url: str, passive: bool
) -> None:
    """By its path or the name of its view; it is served, and the session grows idle."""
    settings.LOGOUT = {**settings.LOGOUT, "PASSIVE_URLS": entries}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.sessions.test_activity_passive.look"]
    begun = timezone.now()
    clock.shift(500)

    ann.get(url)

    assert LoginSession.objects.get().last_seen_at == (begun if passive else timezone.now())
    clock.shift(100)
    assert logged_in_as(ann) == ("" if passive else "ann")


def look(get_response: Any) -> Any:
    """A middleware that looks at the user of each request, for those that reach no view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.user.is_authenticated  # noqa: B018
        return get_response(request)

    return middleware


def test_polling_does_not_keep_anybody_in(ann: Client, settings: Any, clock: Any) -> None:
    """However often; and it is told when it is over, like any other request."""
    settings.LOGOUT = {**settings.LOGOUT, "PASSIVE_URLS": ["poll"]}
    answers = []
    for _ in range(7):
        clock.shift(99)
        answers.append(ann.get("/poll/").content)

    assert answers == [b"user=ann"] * 6 + [b"user="]
    assert reasons() == ["idle"]


def test_what_is_known_in_a_process_only_is_not_changed_either(
    ann: Client, settings: Any, clock: Any
) -> None:
    """Between two writes as little as with one."""
    settings.LOGOUT = {**settings.LOGOUT, "PASSIVE_URLS": ["poll"]}
    clock.shift(10)
    ann.get("/poll/")
    clock.shift(590)
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize("url", ["/chat/session/", "/room/session/"])
def test_asking_how_long_there_is_left_is_passive(
    ann: Client, settings: Any, clock: Any, url: str
) -> None:
    """Without being listed, wherever it is included; "stay logged in" is a POST, and is not."""
    clock.shift(500)
    ann.get(url)
    clock.shift(99)
    ann.head(url)
    ann.post(url)
    clock.shift(599)
    ann.get(url)
    assert logged_in_as(ann) == "ann"
    clock.shift(600)
    assert logged_in_as(ann) == ""


def test_a_site_that_is_mounted_somewhere_lists_its_paths_without_that(
    ann: Client, settings: Any, clock: Any
) -> None:
    """As its URLconf has them."""
    settings.LOGOUT = {**settings.LOGOUT, "PASSIVE_URLS": ["/poll/"]}
    clock.shift(500)
    ann.get("/poll/", SCRIPT_NAME="/shop")
    clock.shift(100)
    assert logged_in_as(ann) == ""
