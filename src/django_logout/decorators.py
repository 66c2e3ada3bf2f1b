"""For views of a project's own."""

from __future__ import annotations

from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.views.decorators.csrf import csrf_exempt

#: Set on a response that its view allows to be stored.
STORABLE = "_django_logout_storable"


def storable(view: Any) -> Any:
    """Leave the responses of a view alone, whatever ``LOGOUT["NO_STORE"]`` says: browsers may
    store them although somebody is signed in. For sync and async views::

        @storable
        def price_list(request): ...

    It says who decides, not for how long: for that there is Django's ``cache_control``.
    """

    def mark(response: Any) -> Any:
        setattr(response, STORABLE, True)
        return response

    @wraps(view)
    def marked(request: Any, *args: Any, **kwargs: Any) -> Any:
        return mark(view(request, *args, **kwargs))

    @wraps(view)
    async def amarked(request: Any, *args: Any, **kwargs: Any) -> Any:
        return mark(await view(request, *args, **kwargs))

    return amarked if iscoroutinefunction(view) else marked


def exempt(view: Any) -> Any:
    """Mark a view that logs out: no login, no CSRF middleware, no transaction stand before it."""
    view = login_not_required(non_atomic_requests(csrf_exempt(view)))
    view.ends_sessions = True  # for django_logout.asgi
    return view
