"""The wrapper for asgi.py: which requests it lets finish, and what they are told. Against a real
server it is F13's."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from django_logout.admin import LogoutAdminSiteMixin
from django_logout.asgi import finish_logouts
from django_logout.views import AsyncLogoutView, ends_sessions, logout_then_login

DISCONNECT = {"type": "http.disconnect"}


@require_POST
@ends_sessions
def leave(request: HttpRequest) -> HttpResponse:
    """A view of a project's own that says of itself that it ends sessions."""
    return HttpResponse()


urlpatterns = [
    path("accounts/", include("django_logout.urls")),
    path("async/", AsyncLogoutView.as_view()),
    path("then-login/", logout_then_login),
    path("django/", auth_views.LogoutView.as_view()),
    path("own/", leave),
    path("login/", auth_views.LoginView.as_view()),
    path("other/", lambda request: HttpResponse()),
    *i18n_patterns(path("leave/", AsyncLogoutView.as_view())),
]


async def told(scope: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    """Return the messages that an application behind the wrapper gets of those that a client
    sends."""
    heard: list[Any] = []
    coming = iter(messages)

    async def receive() -> Any:
        return next(coming)

    async def application(scope: Any, receive: Callable[[], Any], send: Any) -> None:
        for _ in messages:
            try:
                heard.append(await asyncio.wait_for(receive(), 0.05))
            except TimeoutError:
                heard.append("nothing")

    await finish_logouts(application)(scope, receive, receive)
    return heard


def post(url: str, **more: Any) -> dict[str, Any]:
    """The scope of a request to log out."""
    return {"type": "http", "method": "POST", "path": url, **more}


async def protects(scope: dict[str, Any]) -> bool:
    """Whether such a request is not told that its client has hung up."""
    body = {"type": "http.request", "body": b"", "more_body": False}
    first, second = await told(scope, body, DISCONNECT)
    assert first == body
    return bool(second == "nothing")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "url", ["/accounts/logout/", "/async/", "/then-login/", "/django/", "/own/"]
)
async def test_a_request_to_log_out_is_not_told_of_a_client_that_hangs_up(url: str) -> None:
    """By any view that ends sessions."""
    assert await protects(post(url))


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "scope",
    [
        post("/login/"),
        post("/other/"),
        post("/nowhere/"),
        post("/accounts/logout/") | {"method": "GET"},
        {"type": "websocket", "path": "/accounts/logout/"},
    ],
    ids=lambda scope: f"{scope.get('method', scope['type'])} {scope['path']}",
)
async def test_every_other_request_goes_through_untouched(scope: dict[str, Any]) -> None:
    """A disconnect still cancels it."""
    assert not await protects(scope)


async def test_admin_logout_is_not_told_of_a_disconnect(settings: Any) -> None:
    """With the mixin."""
    from django.contrib.admin import AdminSite

    site = type("Site", (LogoutAdminSiteMixin, AdminSite), {})()
    settings.ROOT_URLCONF = (path("admin/", site.urls),)

    assert await protects(post("/admin/logout/"))
    assert not await protects(post("/admin/"))


@pytest.mark.urls(__name__)
async def test_under_a_script_prefix(settings: Any) -> None:
    """The server's or the setting's."""
    assert await protects(post("/site/async/", root_path="/site"))
    assert await protects(post("/site/async/", root_path="/site/"))
    assert not await protects(post("/site/async/"))

    settings.FORCE_SCRIPT_NAME = "/site"
    assert await protects(post("/site/async/"))


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("language", ["en", "pt-br"])
async def test_where_urls_begin_with_a_language(settings: Any, language: str) -> None:
    """Whatever language the server speaks by itself."""
    settings.LANGUAGES = [("en", "English"), ("pt-br", "Português")]
    settings.LANGUAGE_CODE = "en"

    assert await protects(post(f"/{language}/leave/"))


@pytest.mark.urls(__name__)
async def test_the_body_arrives_whole() -> None:
    """In as many pieces as it comes."""
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"ne", "more_body": True},
        {"type": "http.request", "body": b"xt=", "more_body": True},
        {"type": "http.request", "body": b"/"},
    ]

    assert await told(post("/async/"), *pieces, DISCONNECT) == [*pieces, "nothing"]


@pytest.mark.urls(__name__)
async def test_a_client_that_hangs_up_before_it_has_asked_has_not_asked() -> None:
    """Half a body is no request."""
    piece = {"type": "http.request", "body": b"ne", "more_body": True}

    assert await told(post("/async/"), piece, DISCONNECT) == [piece, DISCONNECT]
