"""Decide which kind of response a client gets, and share what all kinds need."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.messages import INFO, SUCCESS, WARNING
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from django_logout.conf import LogoutSettings, logout_settings
from django_logout.enums import Reason
from django_logout.exceptions import LogoutError
from django_logout.responses.messages import (
    REAUTHENTICATE,
    STILL_LOGGED_IN,
    TOO_MANY_COOKIES,
    describe_result,
    explain_reason,
)
from django_logout.types import LogoutResult
from django_logout.utils.redirects import resolve_or_log

logger = logging.getLogger("django_logout")

#: The tag of the message that asks for a new login. The sessions page hides that message.
REAUTHENTICATE_TAG = "django-logout-reauthenticate"
#: The header that tells the scripts of a page why its session ended, whatever they have fetched.
REASON_HEADER = "Logout-Reason"


class Kind(StrEnum):
    """What a response says. ``status`` is the HTTP status of a page or of JSON that says it."""

    status: HTTPStatus

    LOGGED_OUT = "logged_out", HTTPStatus.OK
    "The session ended, as the client asked."
    STILL_LOGGED_IN = "still_logged_in", HTTPStatus.OK
    "The session ended, and other means than the session identify the user with each request."
    NOT_ENDED = "not_ended", HTTPStatus.SERVICE_UNAVAILABLE
    "The session could not be ended, or its status could not be read. Status 503."
    CSRF_FAILED = "csrf_failed", HTTPStatus.FORBIDDEN
    "The request may come from another site, so the user has to confirm it. Status 403."
    NOT_ALLOWED = "not_allowed", HTTPStatus.METHOD_NOT_ALLOWED
    "The view does not support this HTTP method. Status 405."
    ENDED = "ended", HTTPStatus.UNAUTHORIZED
    "The session of this request has ended, and the page needs one. Status 401, or the login page."
    SESSIONS_ENDED = "sessions_ended", HTTPStatus.OK
    "Other sessions ended, as the user asked. The session of this request is still active."
    REAUTHENTICATE = "reauthenticate", HTTPStatus.FORBIDDEN
    "The user has to log in again before this is done. Status 403, or the login page."
    IMPERSONATED = "impersonated", HTTPStatus.FORBIDDEN
    "The user is impersonated by another, who may not end the user's other sessions. Status 403."
    NOT_LOGGED_IN = "not_logged_in", HTTPStatus.UNAUTHORIZED
    "No user is logged in. Status 401, or the login page."
    NOT_FOUND = "not_found", HTTPStatus.NOT_FOUND
    "The user has no such session. Status 404."
    CHOOSE = "choose", HTTPStatus.UNAUTHORIZED
    "A login waits until its user has chosen which sessions to end. Status 401, or that page."
    TOO_FEW = "too_few", HTTPStatus.BAD_REQUEST
    "The user has chosen too few sessions. Status 400."
    NONE_SELECTED = "none_selected", HTTPStatus.BAD_REQUEST
    "The user has selected no session that could end. Status 400."
    LOGGED_IN = "logged_in", HTTPStatus.OK
    "The login that waited is complete."
    SHOWN = "shown", HTTPStatus.OK
    "Nothing ended. The response shows what the client asked for."

    def __new__(cls, value: str, status: HTTPStatus) -> Self:
        member = str.__new__(cls, value)
        member._value_, member.status = value, status
        return member

    @property
    def needs_login(self) -> bool:
        """Whether the user has to log in first. A fetch must not follow a redirect to the login
        page then: it would take the HTML of that page for its data."""
        return self.status is HTTPStatus.UNAUTHORIZED or self is Kind.REAUTHENTICATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a response has to say, with all that responders need to say it."""

    kind: Kind
    redirect_to: str = ""
    result: LogoutResult | None = None
    reason: str = Reason.UNKNOWN
    login_page: str = ""
    "The login page that the view has named, if it has named one."
    as_json: bool = False
    "Whether the view itself responds with JSON, so that its clients expect it."
    page: Callable[[], HttpResponse] | None = None
    "Renders the page of the view. Without it, a responder renders a page of the package."
    data: Mapping[str, Any] = field(default_factory=dict)
    "What the view shows, for JSON clients."
    message: str = ""
    "What has ended, for the next page. By default, the numbers of the result."
    note: Any = ""
    "What a user who has logged out has to know."
    form_url: str = ""
    "Where a page with a form sends the browser, instead of a redirect to ``redirect_to``."
    fields: Mapping[str, str] = field(default_factory=dict)
    "The fields of that form."

    @property
    def warning(self) -> Any:
        """What a user who has logged out has to know, or ``""``."""
        left = self.result is not None and self.result.left
        return self.note or (TOO_MANY_COOKIES if left else "")


class LazyMapping(Mapping[str, Any]):
    """What a view shows to JSON clients, computed only if the responder reads it."""

    def __init__(self, compute: Callable[[], Mapping[str, Any]]) -> None:
        self._compute = compute

    @cached_property
    def _computed(self) -> Mapping[str, Any]:
        return self._compute()

    def __getitem__(self, key: str) -> Any:
        return self._computed[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._computed)

    def __len__(self) -> int:
        return len(self._computed)


class Responder(ABC):
    """One kind of response."""

    @abstractmethod
    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Return whether this kind of response fits the client and the notice."""

    @abstractmethod
    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Build the response."""


def respond(
    request: HttpRequest, kind: Kind, *, responder: Responder | None = None, **details: Any
) -> HttpResponse:
    """Return the response of the responder: by default, of the first of ``LOGOUT["RESPONDERS"]``
    that accepts the request, or else of the last one. Caches never store it.

    ``details`` are the other fields of the :class:`Notice`.
    """
    notice = Notice(kind=kind, **details)
    if responder is None:
        responders: list[Responder] = [
            import_string(path)() for path in logout_settings().RESPONDERS
        ]
        responder = next(
            (each for each in responders if each.accepts(request, notice)), responders[-1]
        )
    response = _respond(responder, request, notice)
    add_never_cache_headers(response)
    if kind is Kind.ENDED:
        add_reason_header(response, notice.reason)
    if kind is Kind.NOT_ENDED:
        response["Retry-After"] = "5"
    return response


def add_reason_header(response: HttpResponse, reason: str) -> None:
    """Tell the scripts of a page why its session has ended."""
    response[REASON_HEADER] = str(reason)


def _respond(responder: Responder, request: HttpRequest, notice: Notice) -> HttpResponse:
    """Respond by a page of this package if a responder of the project fails."""
    own: Responder = import_string(LogoutSettings.RESPONDERS[-1])()
    if type(responder).__module__.partition(".")[0] == type(own).__module__.partition(".")[0]:
        return responder.respond(request, notice)
    try:
        return responder.respond(request, notice)
    except (LogoutError, Http404):
        raise
    except Exception:
        logger.exception("A responder has failed.")
        return own.respond(request, notice)


def login_url(request: HttpRequest, back: str = "", *, page: str = "") -> str:
    """Return the URL of the login page (or of ``page``), with a way back in its query: to ``back``,
    or else to the page that the user sees now."""
    url, back = page or resolve_or_log(settings.LOGIN_URL), back or _current_page(request)
    target = urlsplit(url)
    # Another site gets an absolute URL, as from Django's login_required: a path would be its own.
    if target.scheme not in {"", request.scheme} or target.netloc not in {"", request.get_host()}:
        back = request.build_absolute_uri(back)
    elif urlsplit(back).path == target.path:
        return back  # The user is on the login page, whose query already holds a way back.
    query = QueryDict(target.query, mutable=True)
    query[REDIRECT_FIELD_NAME] = back
    return target._replace(query=query.urlencode(safe="/")).geturl()


def _current_page(request: HttpRequest) -> str:
    """Return the URL of the page that the user sees. For a fragment or a fetch, this is the page
    that has requested it."""
    page = request.headers.get("HX-Current-URL", "")
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        page = page or request.headers.get("Referer", "")
    if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return page
    return request.get_full_path()


def add_message(request: HttpRequest, response: HttpResponse, notice: Notice) -> None:
    """Add a message for the page that the response leads to, if that page does not say by itself
    what happened."""
    messages = getattr(request, "_messages", None)
    if messages is None:
        return
    try:
        _add_message(request, messages, notice)
        messages.update(response)  # MessageMiddleware may stand inside of ours and be done already.
    except Exception:
        logger.exception("A message about a session could not be stored.")


def _add_message(request: HttpRequest, messages: Any, notice: Notice) -> None:
    match notice.kind:
        case Kind.ENDED:
            messages.add(INFO, explain_reason(notice.reason, request))
        case Kind.REAUTHENTICATE:
            messages.add(INFO, REAUTHENTICATE, extra_tags=REAUTHENTICATE_TAG)
        case Kind.LOGGED_OUT if notice.warning:
            messages.add(WARNING, notice.warning)
        case Kind.STILL_LOGGED_IN:
            messages.add(WARNING, STILL_LOGGED_IN)
        case Kind.SESSIONS_ENDED | Kind.LOGGED_IN if notice.result is not None:
            level = SUCCESS if notice.result.complete else WARNING
            messages.add(level, notice.message or describe_result(notice.result))
