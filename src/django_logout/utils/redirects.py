"""Safe redirects, and URLs in the namespace of the request."""

import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import global_settings, settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, get_script_prefix, reverse
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


def home_url() -> str:
    """Return the URL to which a login leads, or that of the first page if the project has not
    named one."""
    named = settings.LOGIN_REDIRECT_URL != global_settings.LOGIN_REDIRECT_URL
    return (named and resolve_or_log(settings.LOGIN_REDIRECT_URL)) or get_script_prefix()


def way_back(request: HttpRequest) -> str:
    """Return the URL of the page from which the user has come to this one, if it is of this site
    and not a login page, or else :func:`home_url`."""
    referer, hosts = request.headers.get("Referer", ""), {request.get_host()}
    if not url_has_allowed_host_and_scheme(referer, hosts, request.is_secure()):
        return home_url()
    parts = urlsplit(referer)
    if parts.path in {"", request.path, urlsplit(resolve_or_log(settings.LOGIN_URL)).path}:
        return home_url()
    back = parts._replace(scheme="", netloc="").geturl()
    # A path may begin with two slashes, and would name a host then.
    return back if url_has_allowed_host_and_scheme(back, hosts) else home_url()


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
