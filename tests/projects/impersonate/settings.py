"""django-impersonate: a middleware puts another user in place of the administrator.

App: django-impersonate
Packages: django-impersonate
Before: the person who was impersonated stood on record as the actor, and the buttons for the
other sessions ended that person's.
Verdict: works as it is.
Not reached: nothing.

What matters: the session stays that of the administrator, and ends as such.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "impersonate"]
MIDDLEWARE = [*MIDDLEWARE, "impersonate.middleware.ImpersonateMiddleware"]
ROOT_URLCONF = "tests.projects.impersonate.urls"
