"""django-hijack: an administrator logs in as another user, and is released later.

App: django-hijack
Packages: django-hijack
Before: release made the administrator log in again, whatever had become of the account and its
sessions meanwhile, and acting as a user took one of the user's places and sent mail.
Verdict: works as it is.
Not reached: nothing.

What matters: its views lock the user's row in a transaction, and log in by Django's ``login()``.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "hijack", "hijack.contrib.admin"]
MIDDLEWARE = [*MIDDLEWARE, "hijack.middleware.HijackUserMiddleware"]
ROOT_URLCONF = "tests.projects.hijack.urls"
