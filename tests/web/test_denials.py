"""A response that denies access because the session has ended says why."""

from typing import Any

import pytest
from django.contrib.auth.decorators import login_required, permission_required
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.test import Client
from django.urls import path

from django_logout import Target, end_sessions
from tests.clients import JSON, LOGOUT, copy_of
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 401])
def test_every_way_of_turning_away_says_why(
    user: Any, ann: Client, settings: Any, status: int
) -> None:
    """Redirects to the login page, and a bare 401."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.get_username()
        headers = {} if status == 401 else {"Location": "/login/?next=/out/"}
        return HttpResponse(status=status, headers=headers)

    settings.ROOT_URLCONF = routes(view)
    end_sessions(Target.user(user), reason="admin")

    page = ann.get(OUT, follow=True)

    assert page.redirect_chain == [("/login/?next=/out/", 302)]
    assert b"An administrator ended your session." in page.content


ADMIN = "An administrator ended your session."


FETCH = {"sec-fetch-dest": "empty"}


def test_login_page_of_the_view_says_why(user: Any, ann: Client, settings: Any) -> None:
    """As the admin's: it is known by the way back, and named to programs."""
    settings.ROOT_URLCONF = routes(
        login_required(lambda request: HttpResponse(), login_url="/admin/login/?a=1"),
        path("é/", login_required(lambda request: HttpResponse(), login_url="https://sso.example")),
    )
    end_sessions(Target.user(user), reason="admin")

    told = copy_of(ann).get(f"{OUT}?q=1", headers={**FETCH, "referer": "http://testserver/page/"})
    moved = copy_of(ann).get(OUT, headers={"hx-request": "true"})
    elsewhere = copy_of(ann).get("/é/", headers=FETCH)
    page = ann.get(f"{OUT}?q=1", follow=True)

    assert (told.status_code, told.json()["reason"]) == (401, "admin")
    assert told.json()["login_url"] == "/admin/login/?a=1&next=http%3A//testserver/page/"
    assert moved["HX-Redirect"] == "/admin/login/?a=1&next=/out/"
    assert (
        elsewhere.json()["login_url"] == "https://sso.example?next=http%3A//testserver/%25C3%25A9/"
    )
    assert page.redirect_chain == [("/admin/login/?a=1&next=/out/%3Fq%3D1", 302)]
    assert ADMIN in page.text


def test_a_redirect_to_somewhere_else_is_left_alone(user: Any, ann: Client, settings: Any) -> None:
    """It denies nothing."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.get_username()
        return HttpResponseRedirect("/language/?next=http://[")

    settings.ROOT_URLCONF = routes(view)
    end_sessions(Target.user(user), reason="admin")
    assert ann.get(OUT, headers=FETCH)["Location"] == "/language/?next=http://["


def test_a_forbidden_page_says_why(user: Any, ann: Client, settings: Any) -> None:
    """Django answers so for anonymous users, too, where a permission is required."""
    view = permission_required("auth.add_user", raise_exception=True)(lambda request: None)
    settings.ROOT_URLCONF = routes(view)
    assert ann.get(OUT).status_code == Client().get(OUT).status_code == 403
    end_sessions(Target.user(user), reason="admin")

    told = copy_of(ann).get(OUT, headers=FETCH)
    page = ann.get(OUT, follow=True)

    assert (told.status_code, told.json()["reason"]) == (401, "admin")
    assert page.redirect_chain == [("/login/?next=/out/", 302)]
    assert ADMIN in page.text


def test_client_without_an_accept_header_gets_the_views_response(
    user: Any, ann: Client, settings: Any
) -> None:
    """In JSON, where that is what the view speaks."""

    def view(request: HttpRequest) -> HttpResponse:
        return JsonResponse({"user": request.user.get_username()}, status=403)

    settings.ROOT_URLCONF = routes(view)
    end_sessions(Target.user(user), reason="admin")
    answer = ann.get(OUT)
    assert (answer.status_code, answer.json()["reason"]) == (401, "admin")


@pytest.mark.parametrize("means", ["user", "auth"])
def test_who_is_there_by_other_means_is_forbidden_that(
    user: Any, other: Any, ann: Client, settings: Any, means: str
) -> None:
    """By a token, say: that a session has ended beside it is not why."""

    def view(request: HttpRequest) -> HttpResponse:
        assert not request.user.is_authenticated
        setattr(request, means, other)
        return HttpResponse(status=403)

    settings.ROOT_URLCONF = routes(view)
    end_sessions(Target.user(user), reason="admin")
    assert ann.get(OUT, headers=FETCH).status_code == 403


def test_a_request_that_may_be_another_sites_is_not_led_to_the_login_page(
    user: Any, settings: Any
) -> None:
    """Logging out asks first, whether there is a session left or not."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    end_sessions(Target.user(user), reason="admin")
    assert client.post(LOGOUT).status_code == 403


def denying(response: HttpResponse) -> Any:
    """Return URLs with a view that looks at the user and returns this response."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.get_username()
        return response

    return routes(view)


def test_the_body_of_an_api_is_kept(user: Any, ann: Client, settings: Any) -> None:
    """Its clients know its members; the reason is added to them."""
    envelope = {"data": {"flows": ["login"]}, "meta": {"is_authenticated": False}, "reason": 7}
    denial = JsonResponse(envelope, status=401)
    denial["Content-Length"] = str(len(denial.content))
    settings.ROOT_URLCONF = denying(denial)
    end_sessions(Target.user(user), reason="admin")

    told = ann.get(OUT, headers=JSON)

    assert told.json() == {**envelope, "login_url": "/login/?next=/out/"}
    assert (told.status_code, told["Logout-Reason"]) == (401, "admin")
    assert told["Content-Type"] == "application/json"
    assert told["Content-Length"] == str(len(told.content))
    assert "no-store" in told["Cache-Control"]


@pytest.mark.parametrize(
    "denial",
    [
        HttpResponse("<error/>", status=401, content_type="application/xml"),
        HttpResponse("Log in.", status=401, content_type="text/plain"),
        HttpResponse("[1]", status=401, content_type="application/json"),
        HttpResponse("not JSON", status=401, content_type="application/json"),
        HttpResponse(
            "{}", status=401, content_type="application/json", headers={"Content-Encoding": "br"}
        ),
        StreamingHttpResponse(["{", "}"], status=401, content_type="application/json"),
    ],
)
def test_a_body_that_takes_no_members_is_kept(
    user: Any, ann: Client, settings: Any, denial: HttpResponse
) -> None:
    """The header alone says why."""
    settings.ROOT_URLCONF = denying(denial)
    end_sessions(Target.user(user), reason="admin")
    before = denial.getvalue()

    told = ann.get(OUT, headers=JSON)

    assert (told.status_code, told.getvalue() or b"{}", told["Logout-Reason"]) == (
        401,
        before,
        "admin",
    )
