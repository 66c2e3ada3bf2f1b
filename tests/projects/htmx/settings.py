"""django-htmx: pages whose parts are fetched, and a button that logs out by htmx.

App: htmx, with django-htmx
Packages: django-htmx
Before: nothing was wrong.
Verdict: works as it is.
Not reached: nothing.

What matters: ``HtmxMiddleware``; ours knows htmx by its header, with it or without it.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "django_htmx"]
MIDDLEWARE = [*MIDDLEWARE, "django_htmx.middleware.HtmxMiddleware"]
ROOT_URLCONF = "tests.projects.htmx.urls"
