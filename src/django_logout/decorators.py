"""Decorators for views."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest
from django.utils.decorators import decorator_from_middleware
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt

#: Attribute of responses that browsers may store.
STORABLE = "_django_logout_storable"


def storable(view: Any) -> Any:
    """Exempt a sync or async view from ``LOGOUT["NO_STORE"]``, so that browsers may store its
    responses even if the user is logged in::

        @storable
        def price_list(request): ...

    Set the lifetime of the responses by Django's ``cache_control``.
    """
    return decorator_from_middleware(_Marker)(view)


class _Marker(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        setattr(response, STORABLE, True)
        return response


def exempt(view: Any) -> Any:
    """Exempt a view that logs out from required logins, CSRF checks and ``ATOMIC_REQUESTS``."""
    view = login_not_required(non_atomic_requests(csrf_exempt(view)))
    view.ends_sessions = True  # Read by django_logout.asgi.
    return view
