"""For ``asgi.py``: let a request to log out finish although its client has hung up.

Django cancels the work on a request when its client disconnects, and a click on "log out"
followed at once by closing the tab is just that. Once the door is reached an ending cannot be
cancelled; this covers the way there, through the middlewares before ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import translation

#: Loose on purpose: every framework types its messages in its own way.
Application = Callable[[Any, Any, Any], Awaitable[None]]


def finish_logouts(application: Application) -> Application:
    """Wrap an ASGI application::

        application = finish_logouts(get_asgi_application())

    Requests other than POSTs to a logout view (ours, Django's, or a function view of yours that
    is decorated with ``ends_sessions``) go through untouched.
    """

    async def finishing(scope: Any, receive: Any, send: Any) -> None:
        if not _is_logout(scope):
            await application(scope, receive, send)
            return

        body_done = False

        async def receive_body_only() -> Any:
            nonlocal body_done
            if body_done:
                await asyncio.Event().wait()  # for ever: the disconnect is not told
            message = await receive()
            body_done = not message.get("more_body", False)
            return message

        await application(scope, receive_body_only, send)

    return finishing


def _is_logout(scope: Any) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    prefix = settings.FORCE_SCRIPT_NAME or scope.get("root_path", "")
    path = scope["path"].removeprefix(prefix.rstrip("/"))
    # Where URLs begin with a language, they resolve in that language only.
    with translation.override(translation.get_language_from_path(path)):
        try:
            view = resolve(path).func
        except Resolver404:
            return False
    return hasattr(view, "ends_sessions") or _is_djangos(getattr(view, "view_class", object))


def _is_djangos(view_class: type) -> bool:
    # By name: this module is imported before the apps are ready, and that one cannot be.
    names = {(each.__module__, each.__name__) for each in view_class.__mro__}
    return ("django.contrib.auth.views", "LogoutView") in names
