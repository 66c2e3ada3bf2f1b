"""Proof of the same origin, and bodies that cannot be read. F20 tests the whole table."""

import pytest
from django.test import RequestFactory

from django_logout.web.csrf import ensure_post_parsed, is_same_origin


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, False),
        ({"Sec-Fetch-Site": "", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://testserver"}, False),
        ({"Origin": "http://testserver:81"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_the_browser_itself_can_vouch(sent: dict[str, str], expected: bool) -> None:
    """Sec-Fetch-Site where it is sent, whatever Origin says; an Origin equal to ours elsewhere."""
    request = RequestFactory().post("/", headers=sent)

    assert is_same_origin(request) is expected


def test_a_port_is_part_of_the_origin() -> None:
    """Another port of the same machine is another site."""
    for origin, expected in (("http://testserver:8000", True), ("http://testserver", False)):
        sent = {"Host": "testserver:8000", "Origin": origin}

        assert is_same_origin(RequestFactory().post("/", headers=sent)) is expected


def test_a_body_that_can_be_read_is_left_alone() -> None:
    """Calming changes nothing where nothing is wrong."""
    request = RequestFactory().post("/", {"next": "/é/"})

    ensure_post_parsed(request)

    assert request.POST["next"] == "/é/"


def test_a_charset_that_no_form_may_have_is_read_as_utf_8() -> None:
    """Django refuses charset=utf-16; the bytes are almost always UTF-8 all the same."""
    form = "application/x-www-form-urlencoded; charset=utf-16"
    request = RequestFactory().generic("POST", "/", b"next=/a/", content_type=form)

    ensure_post_parsed(request)

    assert request.POST["next"] == "/a/"


def test_unreadable_body_has_no_fields() -> None:
    """A broken multipart body: as if nothing had been sent."""
    request = RequestFactory().post("/", b"--b\r\nnonsense", content_type="multipart/form-data")

    ensure_post_parsed(request)

    assert not request.POST
