"""django-axes counts the logins that fail, and locks addresses out.

App: django-axes
Packages: django-axes
Before: nothing was wrong.
Verdict: works as it is.
Not reached: the time of logout in its ``AccessLog``, where a session is ended without a request.

What matters: its backend stands first, and its middleware last.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "axes"]
MIDDLEWARE = [*MIDDLEWARE, "axes.middleware.AxesMiddleware"]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 3
ROOT_URLCONF = "tests.projects.axes.urls"
