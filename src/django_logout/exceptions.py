"""Errors of this package, and the translation of database errors into them."""

from collections.abc import Iterator
from contextlib import contextmanager


class LogoutError(Exception):
    """Base of every error this package raises."""


class SessionNotEnded(LogoutError):
    """Not all sessions could be ended. Possibly none has ended.

    The session and its cookie are kept, so that the user can try again. Views respond with 503,
    because a session must never be reported as ended while it may be active.
    """


class LoginRefused(LogoutError):
    """The user has as many sessions as ``MAX_SESSIONS`` allows, and none ends for a new one.

    Django's own ``login()`` raises it. The user of the request is anonymous then, and the
    middleware redirects a browser to the login page, which says what to do.
    """


class TokenRefused(LogoutError):
    """The login of a token has ended, or a cutoff of its user is newer than the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The login of this token has ended: {reason}.")
        self.reason = reason


class SessionUnavailable(LogoutError):
    """The status of a session is unknown, so the request is refused with 503."""


@contextmanager
def unavailable_on(*errors: type[Exception]) -> Iterator[None]:
    """Raise :class:`SessionUnavailable` in place of these errors of a database or a cache."""
    try:
        yield
    except errors as error:
        raise SessionUnavailable("The session store does not answer.") from error
