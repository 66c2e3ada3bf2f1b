"""Which "next" is safe to follow."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

logger = logging.getLogger("django_logout.redirects")


def safe_next(request: HttpRequest, candidate: str | None, allowed_hosts: Collection[str]) -> str:
    """The candidate if it stays on an allowed host (and on HTTPS if we are), else ``""``.

    A refused one is logged: a broken link or an attack, somebody should see it.
    """
    if not candidate:
        return ""
    if url_has_allowed_host_and_scheme(
        candidate, allowed_hosts=set(allowed_hosts), require_https=request.is_secure()
    ):
        return candidate
    logger.warning(
        "Refused to redirect to %r after logging out.",
        candidate[:200],
        extra={"path": request.path, "refused": candidate[:200]},
    )
    return ""


def reverse_here(request: HttpRequest | None, name: str, **kwargs: Any) -> str:
    """The URL of another view of ours, in the namespace that this request's is in; ``""`` where
    the project has left it out."""
    match = request.resolver_match if request is not None else None
    for space in (match.namespaces if match else [], []):
        try:
            return reverse(":".join([*space, name]), kwargs=kwargs)
        except NoReverseMatch:
            continue
    return ""
