"""The sessions and tokens of apps (allauth.headless), which end like those of browsers::

HEADLESS_TOKEN_STRATEGY = "django_logout.contrib.headless.SessionTokenStrategy"
"""

from __future__ import annotations

from typing import Any

from allauth.headless import app_settings
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy as Jwt
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy as Plain
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from django_logout.sessions import engines
from django_logout.utils.context import current_request
from django_logout.web import attached_sessions, replay_detection


class SessionCheckedTokens(AbstractTokenStrategy):
    """Mixed in front of a strategy whose tokens are keys of sessions: a session is found by its key
    only if it has not ended."""

    def lookup_session(self, session_token: str) -> Any:
        """The session, guarded; ``None`` if it is not there, or has ended.

        Raises :class:`SessionUnavailable` if nobody can tell.
        """
        session = attached_sessions.attach(engines.current().store(session_token))
        return session if session.session_key else None


class SessionTokenStrategy(SessionCheckedTokens, Plain):
    """allauth's, whose token is the key of a session."""


class JWTTokenStrategy(SessionCheckedTokens, Jwt):
    """allauth's, whose tokens are of a session, and say so."""

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """New tokens, if the session goes on while they are made."""
        try:
            made = super().refresh_token(refresh_token)
        except UpdateError:  # deleted meanwhile
            return None
        return made if made and session_of(made[0]).session_key else None


def session_of(access_token: str) -> Any:
    """The session that a valid access token is of, guarded. It has no key if it is not there, or
    has ended.

    Raises :class:`SessionUnavailable` if nobody can tell.
    """
    request, strategy = HttpRequest(), app_settings.TOKEN_STRATEGY
    request.META["HTTP_AUTHORIZATION"] = (
        f"{app_settings.JWT_AUTHORIZATION_HEADER_SCHEME} {access_token}"
    )
    return attached_sessions.attach(engines.current().store(strategy.get_session_token(request)))


def why_ended(session: Any) -> str | None:
    """Return why the session of a token has ended, or ``None`` if it has not."""
    request = current_request.get()
    return None if request is None else replay_detection.detect(request, session.state)


def user_of(session: Any) -> Any:
    """Whose session this is, as long as the password is that of the login; else ``None``."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if user.is_authenticated else None
