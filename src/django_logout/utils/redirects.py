"""Safe redirects, and URLs in the namespace of the request."""

import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from django_logout.utils.rate_limit import RateLimit

logger = logging.getLogger("django_logout.redirects")

_refusals = RateLimit(count=10, seconds=60)


def safe_next(request: HttpRequest, candidate: str | None, allowed_hosts: Collection[str]) -> str:
    """Return the candidate if it leads to an allowed host, by HTTPS if the request did, else ``""``.

    A refused candidate is logged, because it is a broken link or an open redirect attack. Of many
    in one minute, the first ones are logged, so that a client cannot fill the log.
    """
    if not candidate:
        return ""
    if url_has_allowed_host_and_scheme(
        candidate, allowed_hosts=set(allowed_hosts), require_https=request.is_secure()
    ):
        return candidate
    if (unlogged := _refusals.admit()) is not None:
        logger.warning(
            "Refused to redirect to %r after logging out.",
            candidate[:200],
            extra={"path": request.path, "refused": candidate[:200], "unlogged": unlogged},
        )
    return ""


def resolve_or_log(target: Any) -> str:
    """Return the URL of a page that a setting or the project names; ``""`` if it leads nowhere.

    That is logged, as what has been asked for is done, and the user has to be told so.
    """
    try:
        return resolve_url(target)
    except NoReverseMatch:
        logger.exception("%r leads to no URL of this site.", str(target))
        return ""


def reverse_all_here(request: HttpRequest | None, names: Iterable[str]) -> list[str]:
    """Return the URLs of several views (see :func:`reverse_here`)."""
    return [reverse_here(request, name) for name in names]


def reverse_here(request: HttpRequest | None, name: str, **kwargs: Any) -> str:
    """Return the URL of a view in the namespace of the request, or else without a namespace.

    ``""`` is returned if the project has not included the view.
    """
    match = request.resolver_match if request is not None else None
    for namespaces in (match.namespaces if match else [], []):
        with suppress(NoReverseMatch):
            return reverse(":".join([*namespaces, name]), kwargs=kwargs)
    return ""
