"""What an answer is, when one is given, and which one suits a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.messages import INFO, SUCCESS, WARNING
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.responses.messages import count, explain, reauthenticate
from django_logout.types import LogoutResult


class Kind(StrEnum):
    """What there is to say."""

    LOGGED_OUT = "logged_out"
    "The session has ended, as was asked."
    NOT_ENDED = "not_ended"
    "The session could not be ended, or nobody can tell whether it is alive. Status 503."
    CSRF_FAILED = "csrf_failed"
    "The request may come from another site: ask the user. Status 403."
    NOT_ALLOWED = "not_allowed"
    "Wrong method. Status 405."
    ENDED = "ended"
    "The session that this request came with has ended, and the page needs one."
    SESSIONS_ENDED = "sessions_ended"
    "Other sessions have ended, as was asked; this one goes on."
    REAUTHENTICATE = "reauthenticate"
    "The user has to log in again before that is done. Status 403, or the login page."
    NOT_LOGGED_IN = "not_logged_in"
    "Nobody is logged in. Status 401, or the login page."
    NOT_FOUND = "not_found"
    "There is no such session, or it is somebody else's. Status 404."
    CHOOSE = "choose"
    "A login waits until its user has chosen which sessions end for it. Status 401, or that page."
    TOO_FEW = "too_few"
    "Not enough of them were chosen. Status 400."
    LOGGED_IN = "logged_in"
    "That login has gone through."
    SHOWN = "shown"
    "Nothing has ended: what was asked for is shown."


#: Marks the message that asks for a new login, so that it is not shown after it.
REAUTHENTICATE_TAG = "django-logout-reauthenticate"
#: The header that tells scripts of a page why its session has ended, whatever fetched what.
REASON_HEADER = "Logout-Reason"
#: Those that lead somewhere, if they say where.
REDIRECTING = frozenset(
    {
        Kind.LOGGED_OUT,
        Kind.ENDED,
        Kind.SESSIONS_ENDED,
        Kind.REAUTHENTICATE,
        Kind.NOT_LOGGED_IN,
        Kind.CHOOSE,
        Kind.LOGGED_IN,
    }
)
#: Those where a fetch must not be led to the login page, whose HTML it would take for its data.
DENYING = frozenset({Kind.ENDED, Kind.REAUTHENTICATE, Kind.NOT_LOGGED_IN, Kind.CHOOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to say, with what the answers need to say it."""

    kind: Kind
    redirect_to: str = ""
    result: LogoutResult | None = None
    reason: str = Reason.UNKNOWN
    login_page: str = ""
    "Where to log in, if the view that needs it has said so."
    as_json: bool = False
    "Whether that view speaks JSON, and so whoever calls it."
    page: Callable[[], HttpResponse] | None = None
    "Renders the page of the view that answers; without it the answer has one of its own."
    data: Mapping[str, Any] = field(default_factory=dict)
    "What is shown, for programs."


class Responder(ABC):
    """One kind of response."""

    @abstractmethod
    def accepts(self, request: HttpRequest, notice: Notice) -> bool:
        """Whether this client wants this kind of response now."""

    @abstractmethod
    def respond(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """The response."""


def respond(request: HttpRequest, notice: Notice) -> HttpResponse:
    """Answer with the first of ``LOGOUT["RESPONDERS"]`` that suits; never cached."""
    kinds: list[Responder] = [import_string(path)() for path in logout_settings().RESPONDERS]
    answer = next((kind for kind in kinds if kind.accepts(request, notice)), kinds[-1])
    response = answer.respond(request, notice)
    add_never_cache_headers(response)
    if notice.kind is Kind.ENDED:
        response[REASON_HEADER] = str(notice.reason)
    return response


def login_url(request: HttpRequest, back: str = "", *, page: str = "") -> str:
    """The login page, or this one, coming back to a URL, or to where the user is, query included."""
    url, here = page or resolve_url(settings.LOGIN_URL), back or _here(request)
    target = urlsplit(url)
    if _is_elsewhere(request, url):
        here = request.build_absolute_uri(here)
    elif urlsplit(here).path == target.path:
        return here  # it knows already where to go from there
    query = QueryDict(target.query, mutable=True)
    query[REDIRECT_FIELD_NAME] = here
    return target._replace(query=query.urlencode(safe="/")).geturl()


def _is_elsewhere(request: HttpRequest, url: str) -> bool:
    """Whether another site answers at a URL, as Django's ``login_required`` tells it."""
    scheme, host, *_ = urlsplit(url)
    return scheme not in {"", request.scheme} or bool(host and host != request.get_host())


def _here(request: HttpRequest) -> str:
    """The page the user sees: of a fragment or a fetch, the page that it was made on."""
    page = request.headers.get("HX-Current-URL", "")
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        page = page or request.headers.get("Referer", "")
    if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return page
    return request.get_full_path()


def add_message(request: HttpRequest, response: HttpResponse, notice: Notice) -> None:
    """Leave a message for the next page, if there is more to say than that page does."""
    messages = getattr(request, "_messages", None)
    if messages is None:
        return
    match notice.kind:
        case Kind.ENDED:
            messages.add(INFO, explain(notice.reason))
        case Kind.REAUTHENTICATE:
            messages.add(INFO, reauthenticate(), extra_tags=REAUTHENTICATE_TAG)
        case Kind.SESSIONS_ENDED | Kind.LOGGED_IN if notice.result is not None:
            result = notice.result
            messages.add(SUCCESS if result.complete else WARNING, count(result))
        case _:
            return
    messages.update(response)  # MessageMiddleware may have been passed already
