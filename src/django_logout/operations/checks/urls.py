"""Checks for the URLs of this package, and for the pages that users are redirected to."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    get_resolver,
    get_script_prefix,
    is_valid_path,
    resolve,
    reverse,
)
from django.utils.translation import get_language

from django_logout.conf import logout_settings
from django_logout.operations.checks.imports import ancestry

DJANGOS_VIEW = "django.contrib.auth.views.LogoutView"

#: The id of the warning about each setting that names a page, and what to do.
REDIRECTS = {
    "LOGIN_URL": (
        "W012",
        (
            'Add path("accounts/login/", LoginView.as_view(), name="login") to urlpatterns, or name '
            'another page, as in LOGIN_URL = "login"'
        ),
    ),
    "LOGOUT_REDIRECT_URL": (
        "W013",
        (
            'Write the page that users see next, as in LOGOUT_REDIRECT_URL = "/", or None for the '
            "goodbye page"
        ),
    ),
}
#: The name and the view of every URL.
Patterns = list[tuple[str, Any]]


def check_logout_url(patterns: Patterns) -> Iterator[CheckMessage]:
    """Check that there is a URL to log out at, and that Django's own view does not shadow it."""
    urlconf, line = settings.ROOT_URLCONF, 'path("accounts/", include("django_logout.urls"))'
    named = any(name == "logout" for name, _ in patterns)
    if not named and not any(getattr(view, "ends_sessions", False) for _, view in patterns):
        yield Warning(
            "There is no URL to log out at: none is named 'logout'.",
            hint=f"Add {line} to urlpatterns in {urlconf}.",
            id="django_logout.W010",
        )
    if not named:
        return
    try:
        view = resolve(reverse("logout")).func
    except (NoReverseMatch, Resolver404):  # it takes arguments, or belongs to another URLconf
        return
    view_class = getattr(view, "view_class", None)
    if not hasattr(view, "ends_sessions") and DJANGOS_VIEW in ancestry(view_class):
        yield Warning(
            "The URL named 'logout' leads to Django's own LogoutView.",
            hint=f"In urlpatterns of {urlconf}, put {line} before what includes Django's.",
            id="django_logout.W011",
        )


def check_redirects() -> Iterator[CheckMessage]:
    """Check that ``LOGIN_URL`` and ``LOGOUT_REDIRECT_URL`` lead to a page."""
    for setting, (warning, what) in REDIRECTS.items():
        value = getattr(settings, setting)
        if value and not _is_served(value):
            yield Warning(
                f"{setting} is {str(value)!r}, which no URL of this site matches, so users are "
                "sent to a page that does not exist.",
                hint=f'{what}; a page of another server needs a full address, "https://...".',
                id=f"django_logout.{warning}",
            )


def check_pages(patterns: Patterns) -> Iterator[CheckMessage]:
    """Check that the URLconf has the pages that settings need, outside of a namespace."""
    names, given = dict(patterns), logout_settings()
    hint = (
        'Add path("accounts/", include("django_logout.urls")), in no namespace, to urlpatterns '
        f"in {settings.ROOT_URLCONF}"
    )
    if given.ON_MAX_SESSIONS == "ask" and "logout_choose" not in names:
        yield Warning(
            'ON_MAX_SESSIONS is "ask", and no page to ask on is in the URLconf, so logins beyond '
            "the limit are refused.",
            hint=f'{hint}; or write LOGOUT = {{"ON_MAX_SESSIONS": "refuse"}}.',
            id="django_logout.W041",
        )
    if given.NOTIFY and "logout_not_me" not in names:
        yield Warning(
            "NOTIFY is set, and the page for the link in the mails is not in the URLconf, so they "
            "have no link.",
            hint=f"{hint}.",
            id="django_logout.W042",
        )


def find_patterns() -> Patterns | None:
    """Return the name and the view of every URL. The name includes the namespaces; a URL without
    one has the dotted path of its view. Return ``None`` if there is no URLconf, or a broken one."""
    try:
        return list(_walk(get_resolver(), ""))
    except Exception:  # noqa: BLE001 - a URLconf can raise anything; Django reports it
        return None


def _walk(resolver: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from _walk(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield prefix + (entry.name or entry.lookup_str), entry.callback


def _is_served(target: Any) -> bool:
    """Return whether a URL of this site matches, or the target is on another site. Django's own
    middleware may redirect to the URL, with a slash or a language prefix."""
    try:
        url = urlsplit(resolve_url(target))
    except NoReverseMatch:
        return False
    path = "/" + url.path.removeprefix(get_script_prefix())
    paths = (path, f"{path}/", f"/{get_language() or settings.LANGUAGE_CODE}{path}")
    return bool(url.netloc) or (url.path.startswith("/") and any(map(is_valid_path, paths)))
