"""Run code while a request of the test client is in flight."""

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
    """Call ``during`` once while a request of this client is in flight::

        with interleave(browser, lambda: phone.post("/accounts/sessions/end-all/")):
            browser.post("/cart/", {"car": 1})
        assert_logged_out(browser)

    It is called after the view has returned and before any middleware handles the response, so
    before the session is saved. ``before`` names another moment: the first call of the function or
    method at that dotted path. Everything runs in the thread of the test, so any database and any
    test case will do.

    Raises ``AssertionError`` if the request does not reach that moment.
    """
    pause = _Pause(during)
    with _before_call(before, pause) if before else _after_view(client, pause):
        yield
    if pause.error is not None:
        raise pause.error
    if not pause.called:
        raise AssertionError("The request did not reach the moment at which code was to run.")


class _Pause:
    def __init__(self, during: Callable[[], Any]) -> None:
        self.during = during
        self.called = False
        self.error: Exception | None = None

    def __call__(self) -> None:
        if not self.called:
            self.called = True
            copy_context().run(self._run)

    def _run(self) -> None:
        current_request.set(None)  # What runs now is not part of the paused request.
        try:
            self.during()
        except Exception as error:
            self.error = error  # The view or the client may catch it.
            raise


@contextmanager
def _after_view(client: Client, pause: _Pause) -> Iterator[None]:
    environment: dict[str, Any] = client.defaults
    environment[_PAUSE] = pause
    innermost = f"{__name__}.{_pausing_middleware.__name__}"
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, innermost]):
        client.handler.load_middleware()
    try:
        yield
    finally:
        del environment[_PAUSE]
        client.handler.load_middleware()


def _pausing_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        request.META[_PAUSE]()
        return response

    return middleware


@contextmanager
def _before_call(path: str, pause: _Pause) -> Iterator[None]:
    original = resolve_name(path)

    @wraps(original)
    def paused(*args: Any, **kwargs: Any) -> Any:
        pause()
        return original(*args, **kwargs)

    with mock.patch(path, paused):
        yield
