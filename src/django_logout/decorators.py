"""Decorators for views."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest
from django.utils.decorators import decorator_from_middleware
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt

P = ParamSpec("P")
R = TypeVar("R")

#: Attribute of responses that browsers may store.
STORABLE = "_django_logout_storable"


def storable(view: Callable[P, R]) -> Callable[P, R]:
    """Exempt a sync or async view from ``LOGOUT["NO_STORE"]``, so that browsers may store its
    responses even if the user is logged in::

        @storable
        def price_list(request): ...

    Set the lifetime of the responses by Django's ``cache_control``.
    """
    check_view("storable", view)
    untyped: Any = view
    marked: Any = decorator_from_middleware(_Marker)(untyped)
    return cast(Callable[P, R], marked)


class _Marker(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        setattr(response, STORABLE, True)
        return response


def exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Exempt a view that logs out from required logins, CSRF checks and ``ATOMIC_REQUESTS``."""
    untyped: Any = view
    exempted: Any = login_not_required(non_atomic_requests(csrf_exempt(untyped)))
    exempted.ends_sessions = True  # Read by django_logout.asgi.
    return cast(Callable[P, R], exempted)


def check_view(decorator: str, view: Any) -> None:
    """Raise ``TypeError`` if a decorator of functions gets a class, or is called with arguments."""
    if isinstance(view, type):
        raise TypeError(
            f"@{decorator} takes a function. For the class {view.__name__}, write "
            f'@method_decorator({decorator}, name="dispatch").'
        )
    if not callable(view):
        raise TypeError(f"@{decorator} takes a view, not {type(view).__name__}.")
