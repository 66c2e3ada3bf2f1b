"""Which "next" is followed: one that stays here, and no other."""

import logging
from typing import Any

import pytest
from django.test import RequestFactory

from django_logout.utils.redirects import home_url, safe_next, way_back

#: What attackers put there. Not one of them may be followed.
HOSTILE = (
    "http://evil.example",
    "http:///evil.example",
    "https://evil.example",
    "ftp://evil.example/",
    "///evil.example",
    "//evil.example",
    "////evil.example//",
    "/\\evil.example",
    "\\\\evil.example",
    "\\\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "http:/\\//evil.example",
    "http:\\/evil.example",
    "http:/\\evil.example",
    "http:\\\\evil.example",
    "http://testserver@evil.example",
    "http://testserver:80@evil.example",
    "http://evil.example#@testserver",
    "http://evil.example?@testserver",
    "http://testserver.evil.example/",
    "http://testserver\\@evil.example/",
    "http://evil.example\\@testserver/",
    "//evil.example/%2f..",
    "//evil.example:80",
    "//[::1]/",
    "http://[::1",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "\njavascript:alert(1)",
    "\x08//evil.example",
    "\x00//evil.example",
    "\x7f//evil.example",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "mailto:ann@testserver",
    "http:evil.example",
    "https:evil.example",
    "https:/evil.example",
)


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_next_is_refused_and_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Refused, and logged with where it was tried."""
    request = RequestFactory().post("/out/")

    assert safe_next(request, url, {"testserver"}) == ""

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("django_logout.redirects", logging.WARNING)
    assert (record.path, record.refused) == ("/out/", url)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    ["/", "/private/?page=2&q=http://evil.example", "relative/", "?page=2", "http://testserver/a/"],
)
def test_a_next_that_stays_here_is_followed(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """As it was given, and without a word."""
    request = RequestFactory().post("/out/")

    assert safe_next(request, url, {"testserver"}) == url
    assert not caplog.records


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_next_is_not_worth_a_line(nothing: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """Most logouts have none."""
    assert safe_next(RequestFactory().post("/out/"), nothing, {"testserver"}) == ""
    assert not caplog.records


def test_https_is_not_redirected_to_http() -> None:
    """Not even to our own host."""
    request = RequestFactory().post("/out/", secure=True)

    assert safe_next(request, "http://testserver/", {"testserver"}) == ""
    assert safe_next(request, "https://testserver/", {"testserver"})


def test_a_long_one_is_logged_cut(caplog: pytest.LogCaptureFixture) -> None:
    """The log is no place to store an attacker's megabyte."""
    safe_next(RequestFactory().post("/out/"), "//evil.example/" + "a" * 5000, {"testserver"})

    assert len(caplog.records[0].getMessage()) < 300


def test_refusals_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A client may send as many as it likes."""
    for number in range(50):
        assert safe_next(RequestFactory().get("/"), f"//evil{number}.example", {"testserver"}) == ""
    assert len(caplog.records) == 10


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_referer_is_no_way_back(url: str, settings: Any) -> None:
    """Nor is one of this site whose path would name a host."""
    settings.LOGIN_REDIRECT_URL = "/home/"
    for referer in (url, f"http://testserver/{url}", f"http://testserver{url}"):
        request = RequestFactory().get("/out/", headers={"Referer": referer})
        back = way_back(request)
        assert back.startswith("/")
        assert not back.startswith(("//", "/\\"))


def test_home_is_where_a_login_leads(settings: Any) -> None:
    """If the project has named it, and it exists; Django's default leads nowhere in most sites."""
    settings.LOGIN_REDIRECT_URL = "/accounts/profile/"
    assert home_url() == "/"
    settings.LOGIN_REDIRECT_URL = "private"
    assert home_url() == "/private/"
    settings.LOGIN_REDIRECT_URL = "no-such-page"
    assert home_url() == "/"
