"""F25: a client that sent a malformed body got an error page and stayed logged in; and a session cookie
with a NUL made every page of the site an error, for good, on PostgreSQL."""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from tests.clients import LOGOUT, logged_in_as
from tests.races.processes import COOKIE, Browser

FORM = "application/x-www-form-urlencoded"
PART = b'--b\r\nContent-Disposition: form-data; name="next"\r\n\r\n/\r\n'

BODIES = {
    "charset": (f"{FORM}; charset=utf-16", b"next=/"),
    "no such charset": (f"{FORM}; charset=klingon", b"next=/"),
    "bytes": (FORM, b"next=\xff\xfe%ff%00&\x00=\x00"),
    "too many fields": (FORM, b"&".join([b"a=1"] * 1001)),
    "too long": (FORM, b"a=" + b"1" * 3_000_000),
    "no boundary": ("multipart/form-data", PART),
    "bad boundary": (f"multipart/form-data; boundary={'b' * 300}", PART),
    "cut off": ("multipart/form-data; boundary=b", PART[:-20]),
    "not multipart": ("multipart/form-data; boundary=b", b"next=/"),
    "multipart charset": ("multipart/form-data; boundary=b; charset=utf-16", PART + b"--b--"),
    "too many parts": ("multipart/form-data; boundary=b", PART * 1001 + b"--b--"),
    "bad base64": (
        "multipart/form-data; boundary=b",
        PART.replace(b"\r\n\r\n/", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n/=") + b"--b--",
    ),
    "not a form": ("application/json", b"{"),
    "no type": ("", b"next=/"),
}

NUL = "as-long-as-a-key\x00"
HOSTILE = [NUL, "\x00", "x" * 5000, "é" * 40, '"' * 9, "../../etc/passwd"]

bodies = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)


@bodies
@pytest.mark.django_db
def test_unreadable_body_does_not_prevent_the_logout(user: Any, body: tuple[str, bytes]) -> None:
    """With the browser's word, or with the token in a header: logged out."""
    for proof in [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {}]:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        client.get(LOGOUT)
        headers = proof or {"X-CSRFToken": client.cookies["csrftoken"].value}

        response = client.generic("POST", LOGOUT, body[1], content_type=body[0], headers=headers)

        assert response.status_code in {200, 302}, proof
        assert logged_in_as(client) == "", proof


@bodies
@pytest.mark.django_db
def test_unreadable_body_without_proof_is_asked(user: Any, body: tuple[str, bytes]) -> None:
    """A body that cannot be read holds no token: the question, not an error page."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    response = client.generic("POST", LOGOUT, body[1], content_type=body[0])

    assert response.status_code == 403
    assert b"<form" in response.content
    assert logged_in_as(client) == "ann"


@pytest.mark.django_db(transaction=True)
def test_hostile_session_cookie_is_anonymous(engine: str) -> None:
    """Whatever it holds, on every engine: the page is served, and the cookie taken back or, as
    signed_cookies does, replaced."""
    for value, method in product(HOSTILE, ["get", "post"]):
        client, headers = Client(), {}
        if "\x00" in value:  # as a browser would have to send it; newer Pythons make no such cookie
            headers["cookie"] = 'sessionid="{}"'.format(value.replace("\x00", "\\000"))
        else:
            client.cookies["sessionid"] = value

        response = getattr(client, method)(LOGOUT, headers=headers)

        assert response.status_code == 200, value
        assert client.cookies["sessionid"].value != value


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("setup", ["db", "cached_db", "cache", "qsessions"])
@pytest.mark.parametrize("path", ["/", "/logout/", "/plain-logout/", "/write/"])
def test_a_nul_in_the_cookie_on_postgresql(make_world: Any, setup: str, path: str) -> None:
    """Which refuses to be asked for it: now the page is served, and the cookie goes."""
    browser = Browser(make_world("postgres", setup), {COOKIE: NUL})

    answer = browser.post(path) if "logout" in path else browser.get(path)

    assert answer.status in {200, 302}
    assert browser.cookies.get(COOKIE) != NUL
    assert browser.get("/").status == 200


@pytest.mark.needs("postgres")
def test_without_the_package_every_page_on_postgresql_was_an_error(make_world: Any) -> None:
    """And the browser kept the cookie."""
    browser = Browser(make_world("postgres", "db", plain=True), {COOKIE: NUL})

    for _ in range(2):
        assert browser.get("/").status == 500
