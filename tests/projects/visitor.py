"""A visitor of a site, who follows its links and fills in its own forms, as a browser does without
scripts."""

from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

from django.http import HttpResponse
from django.test import Client

from tests.waiting import PATIENCE

HOST = "testserver"


class Forms(HTMLParser):
    """The forms of a page, in order: ``{"method", "action", "fields", "buttons"}``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._select = ""
        self._templates = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a browser would send."""
        given = {name: value or "" for name, value in attrs}
        self._templates += tag == "template"
        if self._templates:
            return
        if tag == "form":
            method = given.get("method", "get").lower()
            action = given.get("action", "")
            self.found.append({"method": method, "action": action, "fields": {}, "buttons": []})
        elif self.found and (name := given.get("name")):
            fields, kind = self.found[-1]["fields"], given.get("type", "text").lower()
            if tag == "button" or kind in ("submit", "image"):
                self.found[-1]["buttons"].append((name, given.get("value", "")))
            elif tag == "select":
                self._select = name
            elif tag == "textarea":
                fields[name] = ""
            elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in given):
                fields[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "option" and self._select and "selected" in given:
            self.found[-1]["fields"][self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """What a template holds is not on the page."""
        self._templates -= tag == "template"


class NetworkClient:
    """As much of Django's test client as a visitor needs, for a server on loopback."""

    def __init__(self, host: str) -> None:
        self.origin = f"http://{host}"
        self.cookies: dict[str, Any] = {}

    def get(self, path: str, data: Any, headers: dict[str, str]) -> HttpResponse:
        """Send a GET."""
        return self._send(path, None, headers)

    def post(self, path: str, data: Any, headers: dict[str, str]) -> HttpResponse:
        """Send a form."""
        return self._send(path, urlencode(data).encode(), headers)

    def _send(self, path: str, data: bytes | None, headers: dict[str, str]) -> HttpResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = Request(self.origin + path, data, {**headers, "Cookie": cookies})
        with build_opener(StayHere).open(request, timeout=PATIENCE) as answer:
            for name, morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
            response = HttpResponse(answer.read(), status=answer.status)
            if "Location" in answer.headers:
                response["Location"] = answer.headers["Location"]
        return response


class StayHere(HTTPErrorProcessor):
    """Leave redirects to the visitor."""

    def http_response(self, request: Request, response: Any) -> Any:
        """Return the response as it is."""
        return response


class Visitor:
    """A browser with a jar of cookies for each host, and a page that it shows, at first of ``host``.

    CSRF is enforced. Hosts on loopback are asked over the network.
    """

    def __init__(self, host: str = HOST, **environ: Any) -> None:
        self.host, self.environ = host, environ
        self.clients: dict[str, Any] = {}
        self.page: Any = None
        self.url = f"http://{host}/"

    def client(self, host: str = "") -> Any:
        """Return the client that holds the cookies of a host, or of the site."""
        host = host or self.host
        if host not in self.clients:
            self.clients[host] = (
                NetworkClient(host)
                if host.startswith("127.0.0.1")
                else Client(
                    enforce_csrf_checks=True, SERVER_NAME=host, HTTP_HOST=host, **self.environ
                )
            )
        return self.clients[host]

    def copy(self) -> "Visitor":
        """Return a thief, who has stolen the site's cookies as they are now."""
        thief = Visitor(self.host, **self.environ)
        for name, morsel in self.client().cookies.items():
            thief.client().cookies[name] = morsel.value
        return thief

    def visit(self, url: str, **headers: Any) -> Any:
        """Open a URL, and where it leads to."""
        return self._send("get", url, None, headers)

    def submit(self, action: str | None = None, /, button: str = "", **values: Any) -> Any:
        """Send a form of the page that is shown: the one with this in its action, or the one that
        has all the fields that are filled in. A button is known by its name or its value."""
        form = self.form(action, *values)
        data = {**form["fields"], **values}
        if button:
            name, value = next(each for each in form["buttons"] if button in each)
            data[name] = value
        return self._send(form["method"], form["action"] or self.url, data, {})

    def post(self, url: str, data: Any = None, **headers: Any) -> Any:
        """Send what a script of the page sends, with the CSRF token of the cookie."""
        cookies = self.client(urlsplit(urljoin(self.url, url)).netloc).cookies
        token = cookies["csrftoken"].value if "csrftoken" in cookies else ""
        return self._send("post", url, data, {"X-CSRFToken": token, **headers})

    def form(self, action: str | None = None, *fields: str) -> dict[str, Any]:
        """Return a form of the page that is shown.

        Raises:
            AssertionError: The page has no such form.
        """
        found = Forms(self.page.content.decode()).found
        forms = [form for form in found if form["method"] != "dialog"]
        for form in forms:
            named = action is None or action in (form["action"] or self.url)
            if named and form["fields"].keys() >= {*fields}:
                return form
        raise AssertionError(f"no form for {action} {fields} at {self.url}: {forms}")

    def who(self) -> str:
        """Return the name of the user whom the site serves; empty for an anonymous visitor."""
        return str(self.client().get("/").content.decode().removeprefix("user="))

    def _send(self, method: str, url: str, data: Any, headers: dict[str, Any]) -> Any:
        for _ in range(12):
            self.url, before = urljoin(self.url, url), self.url
            parts = urlsplit(self.url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            send = getattr(self.client(parts.netloc), method)
            self.page = send(path, data, headers={"Referer": before, **headers})
            if self.page.status_code not in (301, 302, 303, 307, 308):
                return self.page
            url = self.page["Location"]
            if self.page.status_code < 307:
                method, data = "get", None
        raise AssertionError(f"a circle of redirects at {self.url}")
