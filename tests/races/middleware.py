"""The usual recipes for keeping a cart over a logout, which put back what they should not."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def restore_everything(get_response: Handler) -> Handler:
    """Puts everything back that was in the session before the view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        before = dict(request.session.items())
        response = get_response(request)
        request.session.update(before)
        return response

    return middleware


def restore_all_but_the_login(get_response: Handler) -> Handler:
    """Puts everything back that is not Django's own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        before: dict[str, Any] = dict(request.session.items())
        response = get_response(request)
        for key, value in before.items():
            if not key.startswith("_auth_user"):
                request.session.setdefault(key, value)
        return response

    return middleware
