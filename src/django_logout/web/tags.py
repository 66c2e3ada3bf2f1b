"""Render the template tags, for Django templates and for Jinja2."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString, mark_safe

from django_logout.conf import logout_settings
from django_logout.guard.presented import is_logged_in, user_fingerprint
from django_logout.responses.pages import render_page
from django_logout.sessions import timeouts
from django_logout.utils.csp import nonce
from django_logout.utils.redirects import resolve_or_log, reverse_all_here, reverse_here
from django_logout.utils.static import static_urls
from django_logout.web.session_list import Listing
from django_logout.web.witness import witness_name

#: How long a user must have to answer a warning, in seconds (WCAG 2.2.1).
MIN_WARNING = 20


def logout_button(
    context: Mapping[str, Any],
    text: str = "",
    *,
    next: str = "",
    style: str = "button",
    everywhere: bool = False,
    namespace: str = "",
    **options: str,
) -> SafeString:
    """Render a form that logs out.

    ``next`` is a path or URL name to go to, ``style`` is ``"button"`` or ``"link"``, and ``class``
    replaces the CSS classes. Raises ``NoReverseMatch`` if the URLs are not included, and
    ``TypeError`` for any other option.
    """
    request = context.get("request")
    css = options.pop("class", f"logout-{style}")
    if options:
        raise TypeError(f"logout_button has no option {', '.join(options)}.")
    name = _named("logout_everywhere" if everywhere else "logout", namespace)
    url = reverse_here(request, name)
    if not url:
        raise NoReverseMatch(f"{name!r} is in no URLconf: include django_logout.urls.")
    values = {
        "url": url,
        "everywhere": everywhere,
        "text": text,
        "next": resolve_url(next) if next else "",
        "css": css,
        "csrf_token": get_token(request) if request is not None else context.get("csrf_token"),
    }
    return _rendered("button", values)


def logout_script(
    context: Mapping[str, Any],
    *,
    poll: float = 60,
    warning: float = 120,
    events: str = "",
    namespace: str = "",
    required: bool = True,
) -> SafeString:
    """Render the script and the texts that it shows.

    ``poll`` is the time in seconds between two checks of the session (0 turns them off), and
    ``warning`` how long before the end of the session the script warns (at least 20 seconds). Both
    are reduced for short sessions. ``events`` is the URL of the server-sent events. Raises
    ``NoReverseMatch`` if the URLs are not included, unless ``required`` is false.
    """
    request = context.get("request")
    names = [_named(name, namespace) for name in ("logout_status", "logout", "logout_everywhere")]
    status, logout, everywhere = reverse_all_here(request, names)
    if not (status and logout):
        if required:
            raise NoReverseMatch("Include django_logout.urls in the URLconf.")
        return SafeString()
    login = resolve_or_log(settings.LOGIN_URL)
    user = user_fingerprint(request) if request is not None else ""
    lifetime = _lifetime(request) if user else settings.SESSION_COOKIE_AGE
    warning = max(MIN_WARNING, min(warning, lifetime / 2))
    style, script = static_urls("django_logout/logout.css", "django_logout/logout.js")
    values = {
        "style": style,
        "script": script,
        "status": status,
        # Tabs share a session if they share its cookie, whatever the language in their URLs.
        "channel": f"{settings.SESSION_COOKIE_NAME} {settings.SESSION_COOKIE_PATH}",
        "logout": logout,
        "everywhere": everywhere,
        "login": f"{login}{'&' if '?' in login else '?'}{REDIRECT_FIELD_NAME}=",
        "user": user,
        "witness": witness_name(request) if request is not None and user else "",
        "poll": min(poll, lifetime / 4, warning / 2),
        "warning": warning,
        "events": events,
        # Only None means that there is none: Django's nonce is false until it is used.
        "nonce": nonce(request) if context.get("csp_nonce") is None else context["csp_nonce"],
    }
    return _rendered("script", values)


def session_list(context: Mapping[str, Any], *, per_page: int = 20) -> SafeString:
    """Render the user's sessions with their buttons; nothing if no user is logged in."""
    request: Any = context.get("request")
    if request is None or not is_logged_in(request):
        return SafeString()
    listing = Listing(request, per_page)
    return _rendered("session_list", {**listing.context(), "csrf_token": get_token(request)})


def _named(name: str, namespace: str) -> str:
    return f"{namespace}:{name}" if namespace else name


def _lifetime(request: Any) -> float:
    """Return how long the user's session may last without a request or at all, in seconds."""
    limits = timeouts.limits_for(logout_settings(), request.user, request)
    given = [limit for limit in (limits.idle_timeout, limits.absolute_timeout) if limit is not None]
    return min([settings.SESSION_COOKIE_AGE, *(limit.total_seconds() for limit in given)])


def _rendered(name: str, values: dict[str, Any]) -> SafeString:
    # Without the request, because the project's context processors have run for this page already.
    html = render_page(f"django_logout/{name}.html", values)
    return mark_safe(html.strip())  # noqa: S308 - rendered by a template
