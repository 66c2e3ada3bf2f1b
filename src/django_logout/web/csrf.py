"""CSRF protection that does not trap: the token stays the rule, and a stale one is no dead end.

A tab that was opened before logging in again elsewhere holds an old token. That its request
comes from this very site can be proved by what the browser itself says of it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware

#: Set on a request that has failed the check.
CSRF_FAILED = "_django_logout_csrf_failed"


class SameOriginOrToken(CsrfViewMiddleware):
    """Django's check; where it fails, proof of the same origin; else the view is told.

    ``Sec-Fetch-Site`` is sent by every current browser on HTTPS and localhost and cannot be
    set by a page; ``same-site`` is no proof, since a sibling subdomain says so too. ``Origin``
    serves where it is missing. A client that sends neither must send the token.
    """

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        if not is_same_origin(request):
            setattr(request, CSRF_FAILED, reason)
        return None

    def _check_token(self, request: HttpRequest) -> None:
        ensure_post_parsed(request)  # the token may be in a header all the same
        super()._check_token(request)  # type: ignore[misc]


def is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser itself vouches that the request comes from this origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin == f"{request.scheme}://{request.get_host()}"


def ensure_post_parsed(request: HttpRequest) -> None:
    """Make ``request.POST`` readable, if need be as nothing: whoever sends a malformed body is
    logged out all the same."""
    try:
        request.POST  # noqa: B018
    except Exception:  # noqa: BLE001 - any way in which a body can be broken
        request.encoding = "utf-8"
        try:
            request.POST  # noqa: B018
        except Exception:  # noqa: BLE001
            request.POST = QueryDict()


csrf_protect = decorator_from_middleware(SameOriginOrToken)
