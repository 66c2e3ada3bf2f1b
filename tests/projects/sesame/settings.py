"""django-sesame: a link in a mail logs in.

App: django-sesame
Packages: django-sesame
Before: nothing was wrong.
Verdict: write this, or a link logs in again after the logout.
Write:
    SESAME_ONE_TIME = True
Not reached: links that have not been used yet; they end with ``SESAME_MAX_AGE``.

What matters: its backend, and how often a link is good (``SESAME_ONE_TIME``).
"""

from tests.settings import *  # noqa: F403

AUTHENTICATION_BACKENDS = [
    "sesame.backends.ModelBackend",
    "django.contrib.auth.backends.ModelBackend",
]
SESAME_MAX_AGE = 600
SESAME_ONE_TIME = True
ROOT_URLCONF = "tests.projects.sesame.urls"
