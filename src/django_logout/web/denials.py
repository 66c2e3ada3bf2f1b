"""Build the responses to refused logins, and tell clients that were denied why."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import add_never_cache_headers

from django_logout.enums import Reason
from django_logout.guard.install import state_of
from django_logout.guard.presented import REFUSED
from django_logout.policies import pending_login
from django_logout.responses.base import Kind, add_reason_header, login_url, respond
from django_logout.responses.json import add_members, is_json
from django_logout.revokers.cookies import delete_named_cookies
from django_logout.utils.redirects import resolve_or_log
from django_logout.web.csrf import CSRF_FAILED


def login_refused_response(request: HttpRequest) -> HttpResponse:
    """Send the user to the page to choose sessions on, or else back to the login form, with a
    message that says what to do."""

    def is_here(url: str) -> bool:
        # A middleware that logs in at every request would redirect to the same page for ever.
        return request.method != "POST" and urlsplit(url).path == request.path

    if state_of(request).lapsed:
        url = resolve_or_log(settings.LOGIN_URL) if hasattr(request, "_messages") else ""
        return respond(request, Kind.ENDED, reason=Reason.LOGIN_LAPSED, redirect_to=url)
    page = pending_login.page_url() if state_of(request).pending_login_secret else ""
    refused = Reason.LOGIN_REFUSED
    if page and not is_here(page):
        return respond(request, Kind.CHOOSE, reason=refused, redirect_to=page)
    url = (
        request.get_full_path() if request.method == "POST" else resolve_or_log(settings.LOGIN_URL)
    )
    if page or is_here(url) or not hasattr(request, "_messages"):
        url = ""  # Show a page: the target of a redirect could not say what has happened.
    return respond(request, Kind.ENDED, reason=refused, redirect_to=url)


def explain_denial(
    request: HttpRequest, response: HttpResponse, reason: str | None
) -> HttpResponse:
    """Say why in the response that denied a page to a client whose session has ended (``reason``).

    A page is replaced. The response of an API keeps its body, which its clients know: in an object
    of JSON the reason is added, and in the header.
    """
    if reason is None or not _is_denial(request, response):
        return response
    page = response.get("Location", "")
    if (response.streaming or response.content) and not (page or _is_html(response)):
        add_members(response, {"reason": str(reason), "login_url": login_url(request)})
        response.status_code = HTTPStatus.UNAUTHORIZED
        add_never_cache_headers(response)
        add_reason_header(response, reason)
        return response
    where: dict[str, Any] = {"login_page": page, "redirect_to": page or login_url(request)}
    return respond(request, Kind.ENDED, reason=reason, as_json=is_json(response), **where)


class RefusedCookie(NamedTuple):
    """A credential in a cookie that was refused, so the request is served as anonymous."""

    names: Collection[str]
    "The cookies to delete with it."
    members: Mapping[str, Any]
    "What the body of a denial says about it."
    reason: str | None = None
    "Why its login has ended, if it has."


def note_refused_cookie(request: HttpRequest, refused: RefusedCookie) -> None:
    """Note a refused credential, which :func:`remove_refused_cookie` removes with the response."""
    setattr(request, REFUSED, refused)


def remove_refused_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookies of a refused credential, unless the response sets new ones. If the
    response denies access for want of a credential, say which one was refused."""
    refused: RefusedCookie = getattr(request, REFUSED)
    delete_named_cookies(response, refused.names)
    if not _is_denial(request, response):
        return
    add_members(response, refused.members)
    if refused.reason is not None:
        response.status_code = HTTPStatus.UNAUTHORIZED
        add_reason_header(response, refused.reason)


def _is_html(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith("text/html")


def _is_denial(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the response denies the page because no user is logged in."""
    if response.status_code in {301, 302, 303, 307}:
        login_page, to = (
            urlsplit(resolve_or_log(settings.LOGIN_URL)),
            urlsplit(response["Location"]),
        )
        # The way back in the query identifies any other login page, e.g. that of the admin.
        back = QueryDict(to.query).get(REDIRECT_FIELD_NAME, "")
        back = back.removeprefix(request.build_absolute_uri("/")[:-1]).partition("?")[0]
        return (login_page.path or None) == to.path or back == request.get_full_path().partition(
            "?"
        )[0]
    if response.status_code not in {401, 403}:
        return False
    # REST framework denies with 403 too, and so does Django if a permission is missing. A user who
    # is identified by another credential, or a wrong CSRF token, is another cause.
    user: Any = getattr(request, "user", None)
    identified = (user is not None and user.is_authenticated) or getattr(request, "auth", None)
    return not (identified or hasattr(request, CSRF_FAILED))
