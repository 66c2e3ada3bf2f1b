"""End long responses, such as server-sent events, when their session ends."""

from django_logout.web.streaming import astill_logged_in, still_logged_in, until_logged_out

__all__ = [
    "astill_logged_in",
    "still_logged_in",
    "until_logged_out",
]
