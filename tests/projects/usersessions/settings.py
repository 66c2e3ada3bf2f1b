"""django-allauth with its own list of sessions (``allauth.usersessions``), and its page to end the others.

App: django-allauth: user sessions
Packages: django-allauth
Before: the page claimed to have ended sessions that went on, with signed cookies and where
requests were in flight.
Verdict: write this, so that allauth's page ends sessions through us.
Write:
    USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
Not reached: nothing. With signed cookies allauth's list is empty, and ours is complete.

What matters: ``USERSESSIONS_ADAPTER``, with which that page ends sessions through us.
"""

from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.usersessions", "django.contrib.humanize"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.usersessions.middleware.UserSessionsMiddleware"]
ROOT_URLCONF = "tests.projects.usersessions.urls"
USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
