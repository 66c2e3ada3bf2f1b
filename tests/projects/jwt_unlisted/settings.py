"""The project ``jwt`` without simplejwt's list of refresh tokens.

Part of: jwt

What matters: ``rest_framework_simplejwt.token_blacklist`` is not in ``INSTALLED_APPS``, so only we refuse refresh tokens.
"""

from tests.projects.jwt.settings import *  # noqa: F403
from tests.projects.jwt.settings import INSTALLED_APPS

INSTALLED_APPS = [
    app for app in INSTALLED_APPS if app != "rest_framework_simplejwt.token_blacklist"
]
ROOT_URLCONF = "tests.projects.jwt_unlisted.urls"
