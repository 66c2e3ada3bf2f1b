"""What can go wrong, as types. Kept apart so that no module must import another for its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LogoutError(Exception):
    """Base of every error this package raises."""


class SessionNotEnded(LogoutError):
    """The session could not be ended: nothing was changed, or not all that had to be.

    The session and its cookie are kept, so that the user can try again. Views
    answer 503 (design law 3: never claim what is not so).
    """


class LoginRefused(LogoutError):
    """The user has as many sessions as ``MAX_SESSIONS`` allows, and none is to end for a new one.

    Raised by Django's own ``login()``. The request is nobody's then; the middleware sends a
    browser back to the login page, which says how to go on.
    """


class TokenRefused(LogoutError):
    """A token belongs to a login that has ended, or was issued before one was."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The login of this token has ended: {reason}.")
        self.reason = reason


class SessionUnavailable(LogoutError):
    """Whether the session is still alive cannot be found out: it is refused, not served (503)."""


@contextmanager
def unavailable_on(*errors: type[Exception]) -> Iterator[None]:
    """Raise :class:`SessionUnavailable` in place of these errors of a database or a cache."""
    try:
        yield
    except errors as error:
        raise SessionUnavailable("The session store does not answer.") from error
