"""The Content-Security-Policy header for Django 5.2; from 6.0 on Django has this built in."""

from collections.abc import Callable
from secrets import token_urlsafe

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ContentSecurityPolicyMiddleware:
    """Sends ``SECURE_CSP``, as Django's own middleware does, with a nonce of its own each time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = request.csp_nonce = token_urlsafe(16)  # type: ignore[attr-defined]
        response = self.get_response(request)
        policy = "; ".join(
            f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items()
        )
        policy = policy.replace(settings.NONCE, f"'nonce-{nonce}'")
        response.headers["Content-Security-Policy"] = policy
        return response


def csp(request: HttpRequest) -> dict[str, str]:
    """For templates: the nonce of this answer."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
