"""What can go wrong, as types. Kept apart so that no module must import another for its errors."""


class LogoutError(Exception):
    """Base of every error this package raises."""


class SessionNotEnded(LogoutError):
    """The session could not be ended: nothing was changed, or not all that had to be.

    The session and its cookie are kept, so that the user can try again. Views
    answer 503 (design law 3: never claim what is not so).
    """


class SessionUnavailable(LogoutError):
    """Whether the session is still alive cannot be found out: it is refused, not served (503)."""
