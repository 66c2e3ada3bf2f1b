"""Deleting cookies."""

from http.cookies import Morsel
from typing import Any

import pytest
from django.http import HttpResponse

from django_logout.utils.cookies import delete_cookie, delete_cookie_like_session


@pytest.mark.parametrize("secure", [False, True])
def test_the_header_has_the_attributes_that_the_cookie_was_set_with(secure: bool) -> None:
    """Browsers do not let a header without ``secure`` delete a secure cookie over HTTP."""
    response = HttpResponse()

    delete_cookie(response, "beta", path="/a/", domain="example.com", secure=secure)

    cookie = response.cookies["beta"]
    assert (cookie.value, cookie["max-age"]) == ("", 0)
    assert (cookie["path"], cookie["domain"]) == ("/a/", "example.com")
    assert bool(cookie["secure"]) is secure


def attributes(response: HttpResponse, name: str) -> list[str]:
    """Return the attributes of the header that the server sends."""
    sent = response.cookies[name].output(header="")
    return [attribute.partition("=")[0] for attribute in sent.split("; ")[1:]]


@pytest.mark.parametrize("known", [False, True])
def test_partitioned_cookie_is_deleted_as_such(
    monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """The header has the attribute, and ``Secure``, whether or not the standard library knows it.

    It does since Python 3.14, or if a project has taught it.
    """
    reserved, flags = dict(vars(Morsel)["_reserved"]), set(vars(Morsel)["_flags"])
    reserved.pop("partitioned", None)
    flags.discard("partitioned")
    if known:
        reserved["partitioned"] = "Partitioned"
        flags.add("partitioned")
    monkeypatch.setattr(Morsel, "_reserved", reserved)
    monkeypatch.setattr(Morsel, "_reserved_defaults", dict.fromkeys(reserved, ""), raising=False)
    monkeypatch.setattr(Morsel, "_flags", flags)
    response = HttpResponse()

    delete_cookie(response, "chat", partitioned=True, samesite="None", domain="example.com")

    assert sorted(attributes(response, "chat")) == [
        *("Domain", "Max-Age", "Partitioned", "Path", "SameSite", "Secure", "expires")
    ]
    assert (type(response.cookies["chat"]) is Morsel) is known


def test_partitioned_stays_if_django_deletes_the_cookie_again() -> None:
    """``SessionMiddleware`` does so, with attributes of its own."""
    response = HttpResponse()

    for _ in range(2):
        delete_cookie(response, "chat", partitioned=True)
    response.delete_cookie("chat", path="/a/")

    assert attributes(response, "chat").count("Partitioned") == 1
    assert response.cookies["chat"]["path"] == "/a/"


@pytest.mark.parametrize("partitioned", [False, None])
def test_other_cookies_are_not_partitioned(partitioned: bool | None) -> None:
    """Nor is the class of all cookies changed."""
    response = HttpResponse()
    delete_cookie(response, "chat", partitioned=True)

    delete_cookie(response, "theme", partitioned=partitioned)
    response.set_cookie("cart", "1")

    assert not {"Partitioned", "Secure"}.intersection(
        attributes(response, "theme") + attributes(response, "cart")
    )


@pytest.mark.parametrize(
    ("ours", "djangos", "expected"),
    [
        ({}, None, False),
        ({}, True, True),
        ({"SESSION_COOKIE_PARTITIONED": True}, None, True),
        ({"SESSION_COOKIE_PARTITIONED": False}, True, False),
    ],
)
def test_settings_say_whether_the_session_cookie_is_partitioned(
    settings: Any, ours: dict[str, bool], djangos: bool | None, expected: bool
) -> None:
    """A setting outside of ``LOGOUT`` counts too: Django may get one (ticket 34613)."""
    settings.LOGOUT = ours
    if djangos is not None:
        settings.SESSION_COOKIE_PARTITIONED = djangos
    response = HttpResponse()

    delete_cookie_like_session(response, "sessionid")

    assert ("Partitioned" in attributes(response, "sessionid")) is expected
