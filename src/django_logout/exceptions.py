"""Errors of this package, and the translation of outages into them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error

logger = logging.getLogger("django_logout")

#: What Python raises for wrong code or data. Clients of stores have errors of their own.
WRONG_CODE = (
    ArithmeticError
    | AssertionError
    | AttributeError
    | ImportError
    | LookupError
    | MemoryError
    | NameError
    | RuntimeError
    | TypeError
    | ValueError
)


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


def is_outage(error: Exception) -> bool:
    """Return whether an error says that a store does not answer, and not that code is wrong.

    The errors of databases, the operating system, and clients of stores are outages. Those that
    Python and Django raise for wrong code are not, and are never answered with "try again".
    """
    if isinstance(error, Error | OSError):
        return True
    packages = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    return not (isinstance(error, WRONG_CODE | LogoutError) or "django" in packages)


def report_outage(error: Exception) -> SessionUnavailable:
    """Log an outage, and return the error to raise in its place."""
    logger.error("The status of a session is unknown: its store does not answer.", exc_info=error)
    return SessionUnavailable("The session store does not answer.")


@contextmanager
def unavailable_on_outage() -> Iterator[None]:
    """Raise :class:`SessionUnavailable` in place of an outage."""
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
        raise report_outage(error) from error
