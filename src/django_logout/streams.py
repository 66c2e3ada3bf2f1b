"""Responses that take long, such as server-sent events: they end with the session."""

from django_logout.web.streaming import astill_logged_in, still_logged_in, until_logged_out

__all__ = [
    "astill_logged_in",
    "still_logged_in",
    "until_logged_out",
]
