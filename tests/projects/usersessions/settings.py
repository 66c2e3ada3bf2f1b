"""django-allauth with its own list of sessions (``allauth.usersessions``), and its page to end the others.

What matters: ``USERSESSIONS_ADAPTER``, with which that page ends sessions through us.
"""

from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.usersessions"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.usersessions.middleware.UserSessionsMiddleware"]
ROOT_URLCONF = "tests.projects.usersessions.urls"
USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
