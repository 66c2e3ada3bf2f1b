"""RemoteUser: the server in front logs users in, and says who they are.

App: RemoteUser
Before: nothing was wrong.
Verdict: works as it is with ``PersistentRemoteUserMiddleware``, at one URL that the server in
front protects.
Not reached: the login at the server in front. With ``RemoteUserMiddleware``, which asks at every
request, the next request is a new login until that server forgets the user.

What matters: ``PersistentRemoteUserMiddleware`` asks for the name at login only, and
``RemoteUserMiddleware`` at every request.
"""

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE

_after_us = MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
MIDDLEWARE = [
    *MIDDLEWARE[:_after_us],
    "django.contrib.auth.middleware.PersistentRemoteUserMiddleware",
    *MIDDLEWARE[_after_us:],
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
ROOT_URLCONF = "tests.projects.remote_user.urls"
