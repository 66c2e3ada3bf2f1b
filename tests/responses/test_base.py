"""Which responder answers, and what all of them have in common."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from django_logout.responses.base import Kind, LazyMapping, Notice, Responder, login_url, respond
from tests.clients import LOGOUT

FETCH = {"Sec-Fetch-Dest": "empty", "Referer": "http://testserver/cars/?page=2"}


class Teapot(Responder):
    """A project's own kind of response, for one kind of client."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        return "Teapot" in request.headers

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        return HttpResponse(notice.kind, status=418)


@pytest.mark.django_db
def test_a_projects_own_responder_can_come_first(ann: Client, settings: Any) -> None:
    """The responders are tried in order, and the first that accepts answers."""
    page = "django_logout.responses.html.HtmlResponder"
    settings.LOGOUT = {"RESPONDERS": ["tests.responses.test_base.Teapot", page]}

    assert (
        ann.get(LOGOUT, headers={"Teapot": "yes"}).status_code == 200
    )  # This is the confirmation page.
    response = ann.post(LOGOUT, headers={"Teapot": "yes"})

    assert (response.status_code, response.content) == (418, b"logged_out")
    assert ann.post(LOGOUT).status_code == 200


def test_the_last_responder_answers_if_none_accepts(settings: Any) -> None:
    """Every notice gets a response, and it is never cached."""
    settings.LOGOUT = {"RESPONDERS": ["tests.responses.test_base.Teapot"]}

    response = respond(RequestFactory().get("/"), Kind.NOT_ENDED)

    assert response.status_code == 418
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, "/api/?q=1%262"),
        ({"HX-Current-URL": "http://testserver/cars/?page=2"}, "http%3A//testserver/cars/?page=2"),
        ({"HX-Current-URL": "http://evil.example/"}, "/api/?q=1%262"),
        (FETCH, "http%3A//testserver/cars/?page=2"),
        (FETCH | {"Referer": "http://evil.example/"}, "/api/?q=1%262"),
        ({"Sec-Fetch-Dest": "document", "Referer": "http://testserver/cars/"}, "/api/?q=1%262"),
    ],
)
def test_login_url_leads_back_to_the_page_that_the_user_sees(
    sent: dict[str, str], expected: str
) -> None:
    """For a fragment or a fetch this is the page that has requested it."""
    request = RequestFactory().get("/api/?q=1%262", headers=sent)

    quoted = expected.replace("%", "%25") if expected.startswith("/") else expected
    quoted = quoted.replace("?", "%3F").replace("=", "%3D")
    assert login_url(request) == f"/login/?next={quoted}"


def test_login_url_keeps_the_query_of_the_setting(settings: Any) -> None:
    """``LOGIN_URL`` may be a URL with a query, or a name."""
    settings.LOGIN_URL = "/login/?from=logout"
    assert login_url(RequestFactory().get("/a/")) == "/login/?from=logout&next=/a/"

    settings.LOGIN_URL = "login"
    assert login_url(RequestFactory().get("/a/")) == "/login/?next=/a/"


@pytest.mark.parametrize(
    ("target", "path", "next_"),
    [
        ("https://sso.example/login/", "/a/?b=1", "http%3A//testserver/a/%3Fb%3D1"),
        ("//sso.example/login/", "/a/", "http%3A//testserver/a/"),
        ("https://testserver/login/", "/a/", "http%3A//testserver/a/"),
        ("https://sso.example/login/", "/login/", "http%3A//testserver/login/"),
        ("http://testserver/login/", "/a/", "/a/"),
    ],
)
def test_a_login_page_on_another_site_gets_an_absolute_url(
    settings: Any, target: str, path: str, next_: str
) -> None:
    """Django's ``login_required`` does the same. A path alone would not name the site."""
    settings.LOGIN_URL = target
    assert login_url(RequestFactory().get(path)) == f"{target}?next={next_}"


def test_mapping_is_computed_when_it_is_read() -> None:
    """And once."""
    computed: list[int] = []

    def compute() -> dict[str, int]:
        computed.append(1)
        return {"a": 1}

    mapping = LazyMapping(compute)
    assert not computed
    assert (len(mapping), list(mapping), mapping["a"]) == (1, ["a"], 1)
    assert computed == [1]
