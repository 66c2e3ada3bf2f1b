"""For views of a project's own."""

from __future__ import annotations

from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction

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
