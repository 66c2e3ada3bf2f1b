"""The nonce of the project's Content Security Policy."""

from typing import Any


def nonce(request: Any) -> Any:
    """Return the nonce of django-csp or of Django 6.0 and later, or ``None`` if there is neither.

    The nonce becomes part of the policy when the page renders it.
    """
    found = getattr(request, "csp_nonce", None)
    return getattr(request, "_csp_nonce", None) if found is None else found
