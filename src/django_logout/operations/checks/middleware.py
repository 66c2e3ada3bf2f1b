"""Is the middleware there, once, and in its place?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage, Error, Tags

from django_logout.middleware import LogoutMiddleware
from django_logout.operations.checks.imports import is_a
from django_logout.operations.checks.ours import register

OURS = "django_logout.middleware.LogoutMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


@register(Tags.security)
def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """The middleware is there, once, and after those it builds on."""
    ours, sessions, auth = (
        [at for at, path in enumerate(settings.MIDDLEWARE) if is_a(path, wanted)]
        for wanted in (LogoutMiddleware, SessionMiddleware, AuthenticationMiddleware)
    )
    found: list[CheckMessage] = []
    for path, places, error in ((SESSIONS, sessions, "E004"), (AUTH, auth, "E005")):
        if not places:
            sentence = f"{path} is not in MIDDLEWARE, so nobody is ever logged in."
            hint = f'Put "{path}" into MIDDLEWARE, before "{OURS}".'
            found.append(Error(sentence, hint=hint, id=f"django_logout.{error}"))
    if not ours:
        sentence = "LogoutMiddleware is not in MIDDLEWARE, so ended sessions may come back."
        hint = f'Put "{OURS}" into MIDDLEWARE, right after "{AUTH}".'
        found.append(Error(sentence, hint=hint, id="django_logout.E001"))
    if len(ours) > 1:
        sentence = f"LogoutMiddleware is in MIDDLEWARE {len(ours)} times."
        hint = f'Take "{settings.MIDDLEWARE[ours[-1]]}" out of MIDDLEWARE.'
        found.append(Error(sentence, hint=hint, id="django_logout.E002"))
    if ours and ours[0] < max(sessions[:1] + auth[:1], default=0):
        last = settings.MIDDLEWARE[max(sessions[:1] + auth[:1])]
        sentence = f"LogoutMiddleware stands before {last} in MIDDLEWARE."
        hint = f'Move "{settings.MIDDLEWARE[ours[0]]}" in MIDDLEWARE to right after "{last}".'
        found.append(Error(sentence, hint=hint, id="django_logout.E003"))
    return found
