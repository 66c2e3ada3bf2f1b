"""The nonce of an answer, where the project's Content Security Policy has one."""

from __future__ import annotations

from typing import Any


def nonce(request: Any) -> Any:
    """django-csp's, or that of Django 6.0 and later; ``None`` where there is neither. To write it
    into the page is what makes it part of the policy."""
    found = getattr(request, "csp_nonce", None)
    return getattr(request, "_csp_nonce", None) if found is None else found
