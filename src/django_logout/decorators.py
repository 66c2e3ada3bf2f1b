"""Decorators for views."""

from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
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

    @wraps(view)
    def marked(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        setattr(response, STORABLE, True)
        return response

    @wraps(view)
    async def amarked(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = await view(request, *args, **kwargs)
        setattr(response, STORABLE, True)
        return response

    return amarked if iscoroutinefunction(view) else marked


def exempt(view: Any) -> Any:
    """Exempt a view that logs out from required logins, CSRF checks and ``ATOMIC_REQUESTS``."""
    view = login_not_required(non_atomic_requests(csrf_exempt(view)))
    view.ends_sessions = True  # Read by django_logout.asgi.
    return view
