"""The site that is tried: views that read, write and rotate; and requests that stop on their way."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.test import Client
from django.urls import include, path
from greenlet import getcurrent, greenlet

from tests.races import stop_points, views
from tests.races.processes import COOKIE

urlpatterns = [
    path("", views.home),
    path("login/", auth_views.LoginView.as_view(template_name="login.html"), name="login"),
    path("hold/", views.hold),
    path("write/", views.write),
    path("rotate/", views.rotate),
    path("password/", views.password),
    path("recreate/", views.recreate),
    path("resave/", views.resave),
    path("clone/", views.clone),
    path("plain-logout/", views.plain_logout),
    path("admin/", admin.site.urls),
    path("accounts/", include("django_logout.urls")),
]

#: Stops while the session is loaded, and while it is saved.
LOADING = ("before load", "row read", "generations taken", "standing read", "remembering")
SAVING = ("engine saved", "session into cache", "file into place")
ROTATING = ("view", "rotated", *SAVING, "after")


class Doorstep:
    """Where a request of this thread waits, while others go on."""

    def send(self, message: Any) -> None:
        """It has stopped."""
        getcurrent().parent.switch()  # type: ignore[union-attr]

    def recv(self) -> list[str]:
        """It goes on to its end."""
        return []


class Visit:
    """One request of a browser, which may have stopped at a point."""

    def __init__(self, send: Callable[[], Any], point: str = "") -> None:
        self.request = greenlet(send)
        self.request.gr_context = copy_context()  # the same connections for all
        self._go(point)

    def _go(self, *stops: str) -> None:
        stop_points.armed.clear()
        stop_points.armed.update(filter(None, stops))
        self.answer = self.request.switch()
        stop_points.armed.clear()

    @property
    def stopped(self) -> bool:
        """Whether it has not been answered yet."""
        return not self.request.dead

    def finish(self) -> Any:
        """Its answer."""
        if self.stopped:
            self._go()
        return self.answer


class Browser:
    """A browser and the session cookie in its jar."""

    def __init__(self, cookie: str = "") -> None:
        self.client = Client()
        if cookie:
            self.client.cookies[COOKIE] = cookie

    @property
    def cookie(self) -> str:
        """What it sends; empty for none."""
        morsel = self.client.cookies.get(COOKIE)
        return morsel.value if morsel else ""

    def send(self, url: str, data: dict[str, Any] | None = None, **headers: str) -> Any:
        """Ask for a page, or send a form; a cookie that is taken back is gone from the jar."""
        if data is None:
            answer = self.client.get(url, headers=headers)
        else:
            answer = self.client.post(url, data, headers=headers)
        if not self.cookie:
            self.client.cookies.pop(COOKIE, None)
        return answer
