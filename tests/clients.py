"""Clients that are logged in, and readers for what a browser shows of a response."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from importlib import import_module
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from django_logout.guard import install
from django_logout.models import Installation, LoginSession

LOGOUT = "/accounts/logout/"
SESSIONS = "/accounts/sessions/"
SELECTED = "/accounts/sessions/end/"
OTHERS = "/accounts/sessions/end-others/"
EVERYWHERE = "/accounts/sessions/end-all/"
JSON = {"Accept": "application/json"}
BACKEND = "django.contrib.auth.backends.ModelBackend"
FORM = {"username": "ann", "password": "pw"}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def logged_in(user: Any) -> Client:
    """Return a client that has just logged in, without a form."""
    client = Client()
    client.force_login(user)
    return client


def active_client(user: Any) -> Client:
    """Return a client that has logged in and has loaded a page."""
    client = logged_in(user)
    client.get("/")
    return client


def logged_in_by_turns(user: Any, clock: Any, number: int) -> list[Client]:
    """Return clients that have logged in one second after the other."""
    found = []
    for _ in range(number):
        clock.shift(1)
        found.append(logged_in(user))
    return found


def log_in(client: Client, url: str = "/login/", **data: Any) -> Any:
    """Post the form. Headers, and names with a dot, go into the request instead."""
    extra = {key: data.pop(key) for key in [*data] if "." in key or key == "headers"}
    return client.post(url, {**FORM, **data}, **extra)


def copy_of_all_cookies(client: Client) -> Client:
    """Return a thief's browser, with a copy of every cookie."""
    thief = Client()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief


def home_page(client: Client) -> bytes:
    """Return the page that names its user."""
    return client.get("/").content


def browser(user: Any, agent: str = FIREFOX, **options: Any) -> Client:
    """Return a client that has logged in by the form."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR="203.0.113.7", **options)
    page = client.get("/login/")
    data = {"username": user.get_username(), "password": "pw"}
    if options.get("enforce_csrf_checks"):
        data["csrfmiddlewaretoken"] = csrf_token(page)
    assert client.post("/login/", data).status_code == 302
    return client


def listed(client: Client) -> list[dict[str, Any]]:
    """Return the sessions as JSON lists them."""
    found: list[dict[str, Any]] = client.get(SESSIONS, headers=JSON).json()["sessions"]
    return found


def id_of(client: Client) -> str:
    """Return the public id of the session of this client."""
    return next(str(entry["id"]) for entry in listed(client) if entry["current"])


def end_url(session_id: Any) -> str:
    """Return the URL that ends one session."""
    return f"{SESSIONS}{session_id}/end/"


def notices(response: Any) -> list[str]:
    """Return the texts of the notices of a page."""
    return [str(notice) for notice in response.context["notices"]]


def age(seconds: float) -> None:
    """Move all logins this many seconds into the past."""
    then = timezone.now() - timedelta(seconds=seconds)
    LoginSession.objects.update(authenticated_at=then)


def unguarded_store(key: str | None = None, store: Any = None) -> Any:
    """Return a session object as a process has it that runs without the package."""
    store = store or import_module(settings.SESSION_ENGINE).SessionStore
    session: Any = object.__new__(store)
    store.__init__(session, key)
    return session


@contextmanager
def unguarded() -> Iterator[None]:
    """Make session objects as a process does that runs without the package."""
    with patch.object(install, "class_to_make", lambda store: store):
        yield


def login_keys(user: Any) -> dict[str, str]:
    """Return the data of a session that make Django serve it as a user's."""
    auth_hash = user.get_session_auth_hash()
    return {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: auth_hash}


def before_us(user: Any) -> Client:
    """Return a client whose session is older than the installation of the package."""
    store = unguarded_store()
    store.update(login_keys(user))
    store.save()
    install_now()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    return client


def install_now() -> None:
    """Record that the package was installed after the sessions that are there.

    Tests flush what the migration has recorded.
    """
    # A file is dated by the machine's clock, which is ahead of a clock that a test has stopped.
    moment = timezone.now() + timedelta(seconds=1)
    Installation.objects.update_or_create(pk=1, defaults={"installed_at": moment})


def logged_in_by_header(get_response: Any) -> Any:
    """Return a middleware that takes the user from a header, so without a session."""

    def middleware(request: HttpRequest) -> Any:
        if name := request.headers.get("X-User"):
            request.user = get_user_model().objects.get(username=name)
        return get_response(request)

    return middleware


def logged_in_as(client: Any) -> str:
    """Return the name of the user whom the site serves; empty for an anonymous visitor."""
    return str(client.get("/").content.decode().removeprefix("user="))


def copy_of(client: Any) -> Any:
    """Return a thief's browser: it has the same session cookie, and learns nothing of what
    follows."""
    thief = type(client)()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    return thief


def csrf_token(response: Any) -> str:
    """The token in the form of a page."""
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', response.content)
    assert found, response.content
    return found[1].decode()


class Page(HTMLParser):
    """The elements of a page, in order: ``(name, attributes)``. What is in a template is none."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.templates = 0
        self.feed(response.content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.templates:
            self.elements.append((tag, dict(attrs)))
        self.templates += tag == "template"

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"

    def handle_data(self, data: str) -> None:
        if not self.templates:
            self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element of this name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    def inline_scripts(self) -> list[dict[str, str | None]]:
        """Those that a strict policy would refuse."""
        return [script for script in self.all("script") if not script.get("src")]

    def field(self, name: str) -> str | None:
        """Value of the form field with this name."""
        return next((a.get("value") for a in self.all("input") if a.get("name") == name), None)
