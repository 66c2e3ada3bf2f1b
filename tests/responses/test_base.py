"""Which answer suits, and what all of them have in common."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from django_logout.responses.base import Kind, Notice, Responder, login_url, respond
from django_logout.responses.messages import explain_reason
from tests.pages import LOGOUT

FETCH = {"Sec-Fetch-Dest": "empty", "Referer": "http://testserver/cars/?page=2"}


class Teapot(Responder):
    """A project's own kind of response, for one kind of client."""

    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        return "Teapot" in request.headers

    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        return HttpResponse(notice.kind, status=418)


@pytest.mark.django_db
def test_a_project_can_put_its_own_answer_first(ann: Client, settings: Any) -> None:
    """Asked in order; the first that suits answers."""
    page = "django_logout.responses.html.HtmlResponder"
    settings.LOGOUT = {"RESPONDERS": ["tests.responses.test_base.Teapot", page]}

    assert ann.get(LOGOUT, headers={"Teapot": "yes"}).status_code == 200  # a question, no answer
    response = ann.post(LOGOUT, headers={"Teapot": "yes"})

    assert (response.status_code, response.content) == (418, b"logged_out")
    assert ann.post(LOGOUT).status_code == 200


def test_if_none_suits_the_last_one_answers_all_the_same(settings: Any) -> None:
    """There is always an answer, and it is never cached."""
    settings.LOGOUT = {"RESPONDERS": ["tests.responses.test_base.Teapot"]}

    response = respond(RequestFactory().get("/"), Notice(kind=Kind.NOT_ENDED))

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
def test_the_login_page_comes_back_to_what_the_user_sees(
    sent: dict[str, str], expected: str
) -> None:
    """The page itself, query included; of a fragment or a fetch, the page it was made on."""
    request = RequestFactory().get("/api/?q=1%262", headers=sent)

    quoted = expected.replace("%", "%25") if expected.startswith("/") else expected
    quoted = quoted.replace("?", "%3F").replace("=", "%3D")
    assert login_url(request) == f"/login/?next={quoted}"


def test_a_login_url_that_has_a_query_keeps_it(settings: Any) -> None:
    """And so does one that is a name."""
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
def test_a_login_page_elsewhere_is_told_the_whole_address(
    settings: Any, target: str, path: str, next_: str
) -> None:
    """As Django's ``login_required`` does: it cannot know which site a path is of."""
    settings.LOGIN_URL = target
    assert login_url(RequestFactory().get(path)) == f"{target}?next={next_}"


def test_every_reason_has_a_sentence() -> None:
    """A reason of the project's own has none of ours, and so says just that it ended."""
    assert str(explain_reason("admin")) == "An administrator ended your session."
    assert str(explain_reason("fired")) == "Your session has ended."
