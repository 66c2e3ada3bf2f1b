"""Make the sessions and tokens of apps (allauth.headless) end like those of browsers::

HEADLESS_TOKEN_STRATEGY = "django_logout.contrib.headless.SessionTokenStrategy"
"""

from typing import Any

from allauth.headless import app_settings
from allauth.headless.tokens.strategies import jwt, sessions
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from django_logout.sessions import engines
from django_logout.utils.context import current_request
from django_logout.web import attached_sessions, replay_detection


class SessionCheckedTokens(AbstractTokenStrategy):
    """Mixin in front of a strategy whose tokens are session keys. It finds active sessions only."""

    def lookup_session(self, session_token: str) -> Any:
        """Return the guarded session, or ``None`` if it does not exist or has ended.

        Raises :class:`SessionUnavailable` if its status is unknown.
        """
        session = attached_sessions.attach_session(engines.current_engine().store(session_token))
        return session if session.session_key else None


class SessionTokenStrategy(SessionCheckedTokens, sessions.SessionTokenStrategy):
    """allauth's strategy whose token is a session key."""


class JWTTokenStrategy(SessionCheckedTokens, jwt.JWTTokenStrategy):
    """allauth's strategy whose JSON web tokens name a session."""

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Return new tokens, if the session is still active once they are made."""
        try:
            tokens = super().refresh_token(refresh_token)
        except UpdateError:  # The session was deleted meanwhile.
            return None
        return tokens if tokens and find_session(tokens[0]).session_key else None


def find_session(access_token: str) -> Any:
    """Return the guarded session of a valid access token. It has no key if it does not exist or has
    ended.

    Raises :class:`SessionUnavailable` if its status is unknown.
    """
    request, strategy = HttpRequest(), app_settings.TOKEN_STRATEGY
    request.META["HTTP_AUTHORIZATION"] = (
        f"{app_settings.JWT_AUTHORIZATION_HEADER_SCHEME} {access_token}"
    )
    return attached_sessions.attach_session(
        engines.current_engine().store(strategy.get_session_token(request))
    )


def why_ended(session: Any) -> str | None:
    """Return the reason why a token's session has ended, or ``None`` if it has not."""
    request = current_request.get()
    return None if request is None else replay_detection.detect_replay(request, session.state)


def find_user(session: Any) -> Any:
    """Return the user of a session, or ``None`` if the password has changed since the login."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if user.is_authenticated else None
