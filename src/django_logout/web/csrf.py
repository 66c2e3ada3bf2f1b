"""CSRF protection in which a stale token is not a dead end.

A tab that was opened before another login holds a stale token. The browser's own headers can still
prove that its request comes from this site. If they do not, the view asks the user to confirm.
"""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.cache import never_cache
from django.views.generic import View

from django_logout.decorators import exempt

#: Set on a request that has failed the check.
CSRF_FAILED = "_django_logout_csrf_failed"


class SameOriginOrToken(CsrfViewMiddleware):
    """Accept a request with Django's token or from the same origin; mark any other for the view."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        if not is_same_origin(request):
            setattr(request, CSRF_FAILED, reason)
        return None

    def _check_token(self, request: HttpRequest) -> None:
        ensure_post_parsed(request)  # The token may be in a header even if the body is malformed.
        super()._check_token(request)  # type: ignore[misc]


csrf_protect = decorator_from_middleware(SameOriginOrToken)


class ProtectedView(View):
    """A view that handles logins, CSRF and transactions itself, so that none of them can prevent a
    logout or roll it back."""

    http_method_names = ["get", "head", "post", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view. Anonymous clients may call it, and its responses are never cached."""
        return exempt(never_cache(csrf_protect(super().as_view(**initkwargs))))


def is_same_origin(request: HttpRequest) -> bool:
    """Return whether the browser says that the request comes from this origin.

    Every current browser sends ``Sec-Fetch-Site`` on HTTPS and localhost, and no page can set it.
    ``same-site`` is no proof, because a sibling subdomain sends it too. ``Origin`` is the fallback.
    A client that sends neither header has to send the token.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin == f"{request.scheme}://{request.get_host()}"


def ensure_post_parsed(request: HttpRequest) -> None:
    """Make ``request.POST`` readable, or else empty: a malformed body must not prevent a logout."""
    try:
        request.POST  # noqa: B018
    except Exception:  # noqa: BLE001 - any way in which a body can be broken
        request.encoding = "utf-8"
        try:
            request.POST  # noqa: B018
        except Exception:  # noqa: BLE001
            request.POST = QueryDict()
