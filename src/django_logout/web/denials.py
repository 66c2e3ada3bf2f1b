"""What is said to whoever cannot be served: the session has ended, or the login was refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url

from django_logout.enums import Reason
from django_logout.guard.install import guard
from django_logout.policies import pending_login
from django_logout.responses.base import Kind, Notice, login_url, respond
from django_logout.web.csrf import CSRF_FAILED


def login_refused_response(request: HttpRequest) -> HttpResponse:
    """To the page where the user chooses what ends for it; else back to the one with the form,
    which says how to go on."""
    page = pending_login.page_url() if guard(request.session).pending_login_secret else ""
    if page and not _is_at(request, page):
        return respond(request, Notice(kind=Kind.CHOOSE, redirect_to=page))
    url = request.get_full_path() if request.method == "POST" else resolve_url(settings.LOGIN_URL)
    # A redirect to a page that cannot say it would leave the user guessing.
    url = url if hasattr(request, "_messages") and not (page or _is_at(request, url)) else ""
    notice = Notice(kind=Kind.ENDED, reason=Reason.LOGIN_REFUSED, redirect_to=url)
    return respond(request, notice)


def _is_at(request: HttpRequest, url: str) -> bool:
    """Whether a redirect would lead to this same page, as it is: where a middleware logs in with
    each request, it would have no end."""
    return request.method != "POST" and urlsplit(url).path == request.path


def explain_denial(
    request: HttpRequest, response: HttpResponse, reason: str | None
) -> HttpResponse:
    """A page that turned away a browser whose session has ended says why, in its own language."""
    if reason is None or not _turned_away(request, response):
        return response
    page, as_json = response.get("Location", ""), "json" in response.get("Content-Type", "")
    where: dict[str, Any] = {"login_page": page, "redirect_to": page or login_url(request)}
    return respond(request, Notice(kind=Kind.ENDED, reason=reason, as_json=as_json, **where))


def _turned_away(request: HttpRequest, response: HttpResponse) -> bool:
    if response.status_code in {301, 302, 303, 307}:
        login_page, to = urlsplit(resolve_url(settings.LOGIN_URL)), urlsplit(response["Location"])
        # Another page, as the admin's, is known by the way back.
        back = QueryDict(to.query).get(REDIRECT_FIELD_NAME, "")
        back = back.removeprefix(request.build_absolute_uri("/")[:-1]).partition("?")[0]
        return to.path == login_page.path or back == request.get_full_path().partition("?")[0]
    # 403 is what REST framework has for nobody, and Django where a permission is wanted.
    return response.status_code in {401, 403} and not _is_let_in(request)


def _is_let_in(request: HttpRequest) -> bool:
    """Whether somebody is there by other means; or the request is refused, for its CSRF token."""
    user: Any = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return bool(known or getattr(request, "auth", None) or hasattr(request, CSRF_FAILED))
