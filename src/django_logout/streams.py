"""Responses that take long, such as server-sent events: they end with the session."""

from django_logout.web.streaming import astill_signed_in, still_signed_in, until_logged_out

__all__ = [
    "astill_signed_in",
    "still_signed_in",
    "until_logged_out",
]
