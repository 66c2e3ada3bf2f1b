"""djoser: an app logs in for a token of REST framework, and with it for a session if the project wants one.

App: djoser
Packages: djoser
Alone: djoser
Before: nothing was wrong.
Verdict: works as it is.
Not reached: nothing.

What matters: ``CREATE_SESSION_ON_LOGIN``, which the tests turn on.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework", "rest_framework.authtoken", "djoser"]
ROOT_URLCONF = "tests.projects.djoser.urls"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ]
}
