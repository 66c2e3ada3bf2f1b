"""The test project with allauth's own list of sessions."""

from tests.adapters.settings import *  # noqa: F403
from tests.adapters.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.usersessions"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.usersessions.middleware.UserSessionsMiddleware"]
USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
