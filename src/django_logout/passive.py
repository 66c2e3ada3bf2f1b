"""Requests that a page makes by itself: they are checked, but are nobody's activity."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from django_logout.conf import logout_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Ours, in whatever namespace: asking how long the session lives must not lengthen it.
OURS = frozenset({"logout_status", "logout_events"})


def is_passive(request: HttpRequest) -> bool:
    """Whether ``PASSIVE_URLS`` names this request: by its path, if the entry starts with a slash,
    else by the name of its view, namespaces included. ``*`` stands for anything."""
    match = getattr(request, "resolver_match", None)  # none: no view was reached
    if match is not None and match.url_name in OURS and request.method in {"GET", "HEAD"}:
        return True
    path, name = request.path_info, match.view_name if match is not None else ""
    return any(
        fnmatchcase(path if entry.startswith("/") else name, entry)
        for entry in logout_settings().PASSIVE_URLS
    )
