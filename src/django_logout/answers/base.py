"""What an answer is, when one is given, and which one suits a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.messages import INFO
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from django_logout.conf import logout_settings
from django_logout.types import LogoutResult, Reason


class Kind(StrEnum):
    """What there is to say."""

    LOGGED_OUT = "logged_out"
    "The session has ended, as was asked."
    NOT_ENDED = "not_ended"
    "The session could not be ended, or nobody can tell whether it is alive. Status 503."
    NOT_PROVED = "not_proved"
    "The request may come from another site: ask the user. Status 403."
    NOT_ALLOWED = "not_allowed"
    "Wrong method. Status 405."
    ENDED = "ended"
    "The session that this request came with has ended, and the page needs one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing to say, with what the answers need to say it."""

    kind: Kind
    redirect_to: str = ""
    result: LogoutResult | None = None
    reason: str = Reason.UNKNOWN
    page: Callable[[], HttpResponse] | None = None
    "Renders the page of the view that answers; without it the answer has one of its own."


class Answer(ABC):
    """One kind of response."""

    @abstractmethod
    def suits(self, request: HttpRequest, moment: Moment) -> bool:
        """Whether this client wants this kind of response now."""

    @abstractmethod
    def respond(self, request: HttpRequest, moment: Moment) -> HttpResponse:
        """The response."""


def respond(request: HttpRequest, moment: Moment) -> HttpResponse:
    """Answer with the first of ``LOGOUT["ANSWERS"]`` that suits; never cached."""
    kinds: list[Answer] = [import_string(path)() for path in logout_settings().ANSWERS]
    answer = next((kind for kind in kinds if kind.suits(request, moment)), kinds[-1])
    response = answer.respond(request, moment)
    add_never_cache_headers(response)
    return response


def login_url(request: HttpRequest) -> str:
    """The login page, coming back to where the user is, query included."""
    target = resolve_url(settings.LOGIN_URL)
    query = QueryDict(mutable=True)
    query[REDIRECT_FIELD_NAME] = _here(request)
    return f"{target}{'&' if '?' in target else '?'}{query.urlencode(safe='/')}"


def _here(request: HttpRequest) -> str:
    """The page the user sees: of a fragment or a fetch, the page that it was made on."""
    page = request.headers.get("HX-Current-URL", "")
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        page = page or request.headers.get("Referer", "")
    if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return page
    return request.get_full_path()


def say_why(request: HttpRequest, response: HttpResponse, moment: Moment) -> None:
    """Leave a message for the next page, if the session ended without the user's doing."""
    messages = getattr(request, "_messages", None)
    if moment.kind is Kind.ENDED and messages is not None:
        messages.add(INFO, explain(moment.reason))
        messages.update(response)  # MessageMiddleware has been passed already


def explain(reason: str) -> Any:
    """The sentence for a reason; a project's own reasons have none, and say just that it ended."""
    try:
        return Reason(reason).label
    except ValueError:
        return Reason.UNKNOWN.label
