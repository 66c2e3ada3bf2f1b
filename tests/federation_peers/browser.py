"""A browser without scripts, which asks site and provider over the network."""

from copy import copy
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from django.http import HttpResponse

from tests.projects.visitor import StayHere, Visitor
from tests.waiting import PATIENCE


class Step(NamedTuple):
    """A request and how it was answered."""

    method: str
    url: str
    status: int


class _Host:
    """A host as a browser sees it; of Django's test client, what a visitor needs."""

    def __init__(self, host: str, jar: CookieJar, trail: list[Step]) -> None:
        self.origin, self.trail = f"http://{host}", trail
        self.opener = build_opener(ProxyHandler({}), StayHere, HTTPCookieProcessor(jar))

    def get(self, path: str, data: Any = None, headers: Any = None) -> HttpResponse:
        """Send a GET."""
        return self._send(Request(self.origin + path, headers=headers or {}))

    def post(self, path: str, data: Any, headers: Any = None) -> HttpResponse:
        """Send a form."""
        return self._send(Request(self.origin + path, urlencode(data).encode(), headers or {}))

    def _send(self, request: Request) -> HttpResponse:
        with self.opener.open(request, timeout=PATIENCE) as answer:
            self.trail.append(Step(request.get_method(), request.full_url, answer.status))
            response = HttpResponse(answer.read(), status=answer.status)
            if "Location" in answer.headers:
                response["Location"] = answer.headers["Location"]
        return response


class Browser(Visitor):
    """A visitor whose cookies are kept as RFC 6265 wants it: by host, path and age."""

    def __init__(self, origin: str) -> None:
        super().__init__(urlsplit(origin).netloc)
        self.jar, self.trail = CookieJar(), []

    def client(self, host: str = "") -> Any:
        """Return the host, or the site."""
        return _Host(host or self.host, self.jar, self.trail)

    def copy(self) -> "Browser":
        """Return a thief, who has stolen the cookies as they are now."""
        thief = Browser(f"http://{self.host}")
        for cookie in self.jar:
            thief.jar.set_cookie(copy(cookie))
        return thief

    @property
    def text(self) -> str:
        """The page that is shown."""
        return str(self.page.content.decode())

    def forget(self, host: str) -> None:
        """Delete the cookies of a host."""
        self.jar.clear(host.partition(":")[0])
