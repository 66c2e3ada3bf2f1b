"""Requests without a session: for an API with keys of its own, and in tests of projects.

There is no attribute, ``None``, a dict, or an object that only looks like a session.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import Mock

import pytest
from django.contrib.auth import login
from django.contrib.auth import logout as django_logout_function
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory
from django.utils.functional import SimpleLazyObject
from django.views import View

from django_logout import Target, alogout, end_sessions, logout
from django_logout.guard import install
from django_logout.guard.install import session_of
from django_logout.guard.store import GuardedStore
from django_logout.models import LoginSession
from django_logout.sessions import engines
from django_logout.sessions.identity import LOGIN_KEYS
from django_logout.streams import astill_logged_in, still_logged_in, until_logged_out
from django_logout.views import (
    LogoutView,
    SessionsView,
    StatusView,
    ends_sessions,
)
from tests.clients import JSON, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


class Recorder(dict[str, Any]):
    """What a test of a project may put in place of a session."""

    session_key = None
    modified = accessed = flushed = False

    def flush(self) -> None:
        """Forget all, as a session does."""
        self.clear()
        self.flushed = True

    def cycle_key(self) -> None:
        """Do nothing."""


STAND_INS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "dict": dict,
    "recorder": Recorder,
    "namespace": SimpleNamespace,
    "mock": lambda: Mock(spec=SessionStore),
}
KINDS = ("missing", *STAND_INS)


def put(request: Any, kind: str) -> Any:
    """Give a request the stand-in, and return the request."""
    vars(request).pop("session", None)
    if kind in STAND_INS:
        request.session = STAND_INS[kind]()
    return request


class SessionsByHeader(SessionMiddleware):
    """Make no session for a request that names a stand-in."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose."""
        kind = request.headers.get("X-Session")
        if kind is None:
            super().process_request(request)
        else:
            put(request, kind)
            request.user = AnonymousUser()

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Choose."""
        chosen = "X-Session" in request.headers
        return response if chosen else super().process_response(request, response)


@pytest.fixture
def api(settings: Any) -> None:
    """A site whose API has no sessions."""
    settings.MIDDLEWARE = [
        "tests.guard.test_install_stand_ins.SessionsByHeader",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django_logout.middleware.LogoutMiddleware",
    ]


def bare(request: HttpRequest) -> HttpResponse:
    """Look at nothing."""
    return HttpResponse("served")


async def abare(request: HttpRequest) -> HttpResponse:
    """Look at nothing, in the event loop."""
    return HttpResponse("served")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["/quiet/", "/"])
@pytest.mark.usefixtures("api")
def test_a_page_is_served(kind: str, url: str) -> None:
    """As without this package."""
    assert Client().get(url, headers={"X-Session": kind}).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("api")
async def test_a_page_is_served_by_asgi(kind: str, settings: Any) -> None:
    """As without this package."""
    settings.ROOT_URLCONF = routes(abare)

    assert (await AsyncClient().get(OUT, headers={"X-Session": kind})).content == b"served"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("api")
def test_pages_of_this_package_say_that_no_one_is_logged_in(kind: str) -> None:
    """Each of them."""
    client = Client(headers={"X-Session": kind})

    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 200
    assert client.get("/accounts/session/", headers=JSON).json() == {"authenticated": False}
    assert client.get("/accounts/sessions/", headers=JSON).status_code == 401
    assert client.post("/accounts/sessions/end-others/", headers=JSON).status_code == 401
    assert client.post("/accounts/sessions/end-all/", headers=JSON).status_code == 401
    assert client.get("/accounts/sessions/choose/").status_code in {302, 401}
    assert client.get("/accounts/session/events/").status_code == 204


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_may_take_the_session_away(ann: Client, settings: Any, kind: str) -> None:
    """Django saves nothing then, and no one is logged out."""

    def view(request: HttpRequest) -> HttpResponse:
        name = request.user.get_username()
        put(request, kind)
        return HttpResponse(name)

    settings.ROOT_URLCONF = routes(view)
    if kind in {"namespace", "recorder", "mock"}:
        settings.MIDDLEWARE = [
            "tests.guard.test_install_stand_ins.SavesNothing",
            *settings.MIDDLEWARE[2:],
        ]

    assert ann.get(OUT).content == b"ann"
    assert logged_in_as(ann) == "ann"


class SavesNothing(SessionMiddleware):
    """Django's own would take what a stand-in says for a session."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Do nothing."""
        return response


@pytest.mark.usefixtures("api")
def test_a_view_may_make_the_session(user: Any, settings: Any) -> None:
    """A login in it is registered as any other."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session = SessionStore()
        login(request, user)
        return HttpResponse(request.session.session_key)

    settings.ROOT_URLCONF = routes(view)
    key = Client().get(OUT, headers={"X-Session": "missing"}).content.decode()

    assert LoginSession.objects.get().session_key == key


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log_out", [logout, lambda request: logout(request, everywhere=True)])
def test_logout_empties_what_is_there(user: Any, kind: str, log_out: Any) -> None:
    """A test of a project sees what its own session would show."""
    request = put(RequestFactory().post("/"), kind)
    request.user = user
    if kind == "recorder":
        request.session["cart"] = "lamp"

    # What has identified the user is unknown, and may do so again.
    assert not log_out(request).complete
    assert request.user.is_anonymous
    if kind == "recorder":
        assert request.session.flushed
        assert not request.session


@pytest.mark.parametrize("kind", KINDS)
async def test_logout_in_the_event_loop(user: Any, kind: str) -> None:
    """The same."""
    request = put(AsyncRequestFactory().post("/"), kind)
    request.user = user

    await alogout(request)
    assert request.user.is_anonymous
    assert not await astill_logged_in(request)


@pytest.mark.parametrize("kind", KINDS)
def test_logout_everywhere_ends_the_sessions_of_the_user(user: Any, kind: str) -> None:
    """A user who is authenticated by a key may have sessions in browsers."""
    browser = logged_in(user)
    request = put(RequestFactory().post("/"), kind)
    request.user = user

    logout(request, everywhere=True)

    assert logged_in_as(browser) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_other_functions_that_take_a_request(user: Any, kind: str) -> None:
    """Nothing is presented, so nothing is spared, and no stream has to end."""
    logged_in(user)
    request = put(RequestFactory().post("/"), kind)
    request.user = user

    assert not still_logged_in(request)
    assert list(until_logged_out(request, ["a", "b"])) == ["a", "b"]
    assert end_sessions(Target.current(request)).ended == {}
    assert end_sessions(Target.others(request)).ended == {"session": 1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_user", [True, False])
def test_views_and_tags_are_called_without_middleware(
    user: Any, kind: str, with_user: bool
) -> None:
    """As tests of projects call them."""

    def call(view: Any, method: str = "get") -> Any:
        request: Any = put(getattr(RequestFactory(), method)("/accounts/", headers=JSON), kind)
        request._dont_enforce_csrf_checks = True
        if with_user:
            request.user = user
        return view(request)

    @ends_sessions
    def own(request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponse()

    assert call(LogoutView.as_view()).status_code == 200
    assert call(LogoutView.as_view(), "post").status_code == 200
    assert call(own, "post").status_code == 200
    assert call(StatusView.as_view()).status_code == 200
    assert call(SessionsView.as_view()).status_code == (200 if with_user else 401)
    tags = "{% load logout %}{% logout_button %}{% logout_script %}{% session_list %}"
    assert "<form" in call(lambda request: Template(tags).render(Context({"request": request})))


def test_tags_without_a_request() -> None:
    """Such as in a mail."""
    tags = "{% load logout %}{% logout_button %}{% logout_script %}{% session_list %}"
    assert "<form" in Template(tags).render(Context())


@pytest.mark.parametrize("kind", ["recorder"])
def test_djangos_own_functions_work_with_a_stand_in(user: Any, kind: str) -> None:
    """They ask no more of it than this, and neither does the package."""
    request = put(RequestFactory().post("/"), kind)
    request.user = AnonymousUser()
    login(request, user)
    assert request.user == user
    django_logout_function(request)
    assert request.session.flushed
    assert not LoginSession.objects.exists()


def test_a_session_that_is_made_when_it_is_used_is_one(ann: Client, settings: Any) -> None:
    """A project may put off even to make it."""
    settings.MIDDLEWARE = ["tests.guard.test_install_stand_ins.Lazy", *settings.MIDDLEWARE[2:]]
    assert logged_in_as(ann) == "ann"
    ann.post("/accounts/logout/")
    assert LoginSession.objects.get().ended_at is not None


class Lazy(SessionMiddleware):
    """Make the session when it is used."""

    def process_request(self, request: HttpRequest) -> None:
        """Put it off."""
        super().process_request(request)
        made = request.session
        request.session = SimpleLazyObject(lambda: made)  # type: ignore[assignment]


def put_off(request: HttpRequest) -> None:
    """Go on with a session that is opened by its class when it is used."""
    opened = type(request.session), request.session.session_key
    request.session = SimpleLazyObject(lambda: opened[0](opened[1]))  # type: ignore[assignment]


def put_off_and_write(request: HttpRequest) -> HttpResponse:
    """Write it."""
    put_off(request)
    request.session["lamp"] = 1
    return HttpResponse(request.user.get_username())


def put_off_and_reopen(request: HttpRequest) -> HttpResponse:
    """Open it again after that."""
    put_off_and_write(request)
    request.session = request.session.__class__(request.session.session_key)
    request.session["lamp"] = 1
    return HttpResponse(request.user.get_username())


def put_off_and_log_in(request: HttpRequest) -> HttpResponse:
    """Put off a session into which code writes the login, and saves it."""
    data = dict(request.session.items())
    made = type(request.session)

    def make() -> Any:
        session = made()
        session.update({name: data[name] for name in LOGIN_KEYS if name in data} | {"lamp": 1})
        session.save()
        return session

    request.session = SimpleLazyObject(make)  # type: ignore[assignment]
    return HttpResponse(request.user.get_username())


@pytest.mark.parametrize("view", [put_off_and_write, put_off_and_reopen, put_off_and_log_in])
def test_a_view_may_put_off_to_open_the_session(
    engine: str, ann: Client, settings: Any, view: Any
) -> None:
    """To open it, the request's session is not asked for, which is this very one."""
    settings.ROOT_URLCONF = routes(view)
    assert ann.get(OUT).content == b"ann"
    assert ann.session["lamp"] == 1
    assert logged_in_as(ann) == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1
    ann.post("/accounts/logout/")
    assert not LoginSession.objects.filter(ended_at=None).exists()


def test_what_has_no_session() -> None:
    """Neither a request without one, nor what is no request."""
    assert session_of(None) is None
    assert session_of(View()) is None
    assert [session_of(put(HttpRequest(), kind)) for kind in KINDS] == [None] * len(KINDS)


class WithConstructor(SessionStore):
    """An engine whose objects are made with arguments."""

    def __new__(cls, session_key: str | None = None) -> Self:
        made = super().__new__(cls)
        made.made_for = session_key  # type: ignore[attr-defined]
        return made


def test_an_engine_with_a_constructor_of_its_own_is_guarded() -> None:
    """It is called with what the code gives."""
    install.watch_store(WithConstructor)
    session: Any = WithConstructor("key")
    assert isinstance(session, GuardedStore)
    assert session.made_for == "key"


def test_a_session_that_was_loaded_before_it_is_guarded_is_decided_on_then(user: Any) -> None:
    """A middleware before ours may have read it."""
    browser = logged_in(user)
    request = RequestFactory().get("/")
    for active in (True, False):
        key = browser.cookies["sessionid"].value
        request.session = engines.current_engine().open_unguarded(key)
        data = dict(request.session.items())
        if not active:
            end_sessions(Target.user(user))
            request.session._session_cache = data
            request.session._session_key = key
        install.guard_session(request)
        assert ("_auth_user_id" in request.session) is active


def test_the_folder_of_session_files_may_change(settings: Any, user: Any, tmp_path: Any) -> None:
    """Tests of projects move it, and delete what Django's class remembers of the one before."""
    from django.contrib.sessions.backends.file import SessionStore as FileStore

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        settings.SESSION_FILE_PATH = str(tmp_path / name)
        if hasattr(FileStore, "_storage_path"):
            del FileStore._storage_path
        browser = logged_in(user)
        assert logged_in_as(browser) == "ann"
        assert len(list((tmp_path / name).iterdir())) == 1
    del FileStore._storage_path
