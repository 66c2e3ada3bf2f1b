"""Is there a URL to log out at, and do people land on pages that exist?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import global_settings, settings
from django.core.checks import CheckMessage, Tags, Warning
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
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from django_logout.conf import logout_settings
from django_logout.operations.checks.ours import register


@register(Tags.urls)
def check_logout_url(**kwargs: Any) -> list[CheckMessage]:
    """There is a URL to log out at, and it leads to a view that does."""
    served = patterns()
    if served is None:
        return []
    urlconf, line = settings.ROOT_URLCONF, 'path("accounts/", include("django_logout.urls"))'
    named = any(name == "logout" for name, _ in served)
    if not named and not any(getattr(view, "ends_sessions", False) for _, view in served):
        sentence = "There is no URL to log out at: none is named 'logout'."
        hint = f"Add {line} to urlpatterns in {urlconf}."
        return [Warning(sentence, hint=hint, id="django_logout.W010")]
    if named and _is_djangos("logout"):
        sentence = "The URL named 'logout' leads to Django's own LogoutView."
        hint = f"In urlpatterns of {urlconf}, put {line} before what includes Django's."
        return [Warning(sentence, hint=hint, id="django_logout.W011")]
    return []


@register(Tags.urls)
def check_redirects(**kwargs: Any) -> list[CheckMessage]:
    """Where people are sent is a place of this site, or of another."""
    found: list[CheckMessage] = []
    if patterns() is None:
        return found
    for setting, warning in (("LOGIN_URL", "W012"), ("LOGOUT_REDIRECT_URL", "W013")):
        value = getattr(settings, setting)
        default = getattr(global_settings, setting)  # whoever left it alone may not use it
        if value and value != default and not _leads_somewhere(value):
            sentence = f"{setting} is {str(value)!r}, which no URL of this site matches."
            hint = (
                f'Set {setting} to the name of a URL, as in {setting} = "login", or to its path; '
                'what another server answers needs a full address, "https://...".'
            )
            found.append(Warning(sentence, hint=hint, id=f"django_logout.{warning}"))
    return found


@register(Tags.urls)
def check_mail_link(**kwargs: Any) -> list[CheckMessage]:
    """Mails can have their link, "this was not me"."""
    served = patterns()
    if served is None or not logout_settings().NOTIFY or "logout_not_me" in dict(served):
        return []
    sentence = "NOTIFY is set, and there is no page for the link in the mails, so they have none."
    hint = (
        'Add path("accounts/", include("django_logout.urls")), in no namespace, to urlpatterns '
        f"in {settings.ROOT_URLCONF}."
    )
    return [Warning(sentence, hint=hint, id="django_logout.W042")]


def patterns() -> list[tuple[str | None, Any]] | None:
    """Name (if it can be reversed by that alone) and view of every URL; ``None`` where there is no
    URLconf, or one that Django finds fault with."""
    try:
        return list(_walk(get_resolver(), spaced=False))
    except Exception:  # noqa: BLE001 - whatever a project's modules raise
        return None


def _walk(resolver: Any, *, spaced: bool) -> Iterator[tuple[str | None, Any]]:
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            yield from _walk(entry, spaced=spaced or bool(entry.namespace))
        else:
            yield None if spaced else entry.name, entry.callback


def _is_djangos(name: str) -> bool:
    """Whether what answers at the URL of this name is Django's view, not a descendant of ours."""
    try:
        view = resolve(reverse(name)).func
    except (NoReverseMatch, Resolver404):  # it takes arguments, or is of another host's URLconf
        return False
    theirs = import_string("django.contrib.auth.views.LogoutView")
    found = getattr(view, "view_class", object)
    return issubclass(found, theirs) and not hasattr(view, "ends_sessions")


def _leads_somewhere(target: Any) -> bool:
    """Whether this is an address elsewhere, or one that a URL of this site matches, if only after
    the redirects of Django's own middlewares (a slash, a language)."""
    try:
        url = urlsplit(resolve_url(target))
    except NoReverseMatch:
        return False
    path = "/" + url.path.removeprefix(get_script_prefix())
    paths = (path, f"{path}/", f"/{get_language() or settings.LANGUAGE_CODE}{path}")
    return bool(url.netloc) or (url.path.startswith("/") and any(map(is_valid_path, paths)))
