"""For ``asgi.py``: let a logout finish even if its client disconnects.

Django cancels a request when its client disconnects, for example when a user clicks "log out" and
closes the tab at once. ``alogout()`` itself cannot be cancelled. This wrapper covers the time before
it is called, while earlier middlewares run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import translation

from django_logout.utils.logout_views import is_logout_view

#: The arguments have no narrower types, because each framework types its messages differently.
Application = Callable[[Any, Any, Any], Awaitable[None]]


def finish_logouts(application: Application) -> Application:
    """Wrap an ASGI application so that its logouts finish::

        application = finish_logouts(get_asgi_application())

    Only POST requests to a logout view are affected: a view of this package or of Django, or a
    function view of the project that is decorated with ``ends_sessions``.
    """

    async def finishing(scope: Any, receive: Any, send: Any) -> None:
        if not _is_logout(scope):
            await application(scope, receive, send)
            return

        body_done = False

        async def receive_body_only() -> Any:
            nonlocal body_done
            if body_done:
                await asyncio.Event().wait()  # Wait for ever, and never report the disconnect.
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
    # URLs from i18n_patterns() resolve in their own language only.
    with translation.override(translation.get_language_from_path(path)):
        try:
            view = resolve(path).func
        except Resolver404:
            return False
    return is_logout_view(view)
