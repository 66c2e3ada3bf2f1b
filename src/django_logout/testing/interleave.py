"""A request that is under way while something else happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import wraps
from pkgutil import resolve_name
from typing import Any
from unittest import mock

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from django_logout.utils.context import current_request

_PAUSE = "django_logout.testing.pause"


@contextmanager
def interleave(client: Client, during: Callable[[], Any], *, before: str = "") -> Iterator[None]:
    """Let something happen while a request of this client is under way. ::

        with interleave(browser, lambda: phone.post("/accounts/sessions/end-all/")):
            browser.post("/cart/", {"car": 1})
        assert_logged_out(browser)

    ``during`` is called once, when the view is done and before any middleware has seen the
    response; so before the session is saved. Or, with ``before``, when the function or method at
    that dotted path is called first. The request waits for it, and both are in the thread of the
    test: any database and any test case will do.

    Raises ``AssertionError`` if the request does not come that far.
    """
    pause = _Pause(during)
    with _before(before, pause) if before else _after_view(client, pause):
        yield
    pause.verify()


class _Pause:
    def __init__(self, during: Callable[[], Any]) -> None:
        self._during = during
        self._begun = False
        self._error: Exception | None = None

    def __call__(self) -> None:
        if not self._begun:
            self._begun = True
            copy_context().run(self._happen)

    def _happen(self) -> None:
        current_request.set(None)  # it is not this request that does it
        try:
            self._during()
        except Exception as error:
            self._error = error  # a view, or the client, may swallow it
            raise

    def verify(self) -> None:
        if self._error is not None:
            raise self._error
        if not self._begun:
            raise AssertionError(
                "The request has not come to the point where something was to happen."
            )


@contextmanager
def _after_view(client: Client, pause: _Pause) -> Iterator[None]:
    environment: dict[str, Any] = client.defaults
    environment[_PAUSE] = pause
    innermost = f"{__name__}.{_waits.__name__}"
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, innermost]):
        client.handler.load_middleware()
    try:
        yield
    finally:
        del environment[_PAUSE]
        client.handler.load_middleware()


def _waits(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        request.META[_PAUSE]()
        return response

    return middleware


@contextmanager
def _before(path: str, pause: _Pause) -> Iterator[None]:
    original = resolve_name(path)

    @wraps(original)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        pause()
        return original(*args, **kwargs)

    with mock.patch(path, waiting):
        yield
