"""The test project with allauth's API for apps, whose tokens are keys of sessions, or JWT."""

import os

from tests.adapters.settings import *  # noqa: F403
from tests.adapters.settings import INSTALLED_APPS, SESSION_ENGINE
from tests.settings import ENGINES

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.headless", "rest_framework"]
ROOT_URLCONF = "tests.adapters.urls_headless"
STRATEGY = os.environ.get("HEADLESS_STRATEGY", "SessionTokenStrategy")
HEADLESS_TOKEN_STRATEGY = f"django_logout.contrib.headless.{STRATEGY}"
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = "not a secret either, but as long as HMAC with SHA-256 wants"
if ENGINES["signed_cookies"] == SESSION_ENGINE:  # which never say whether there is such a key
    SESSION_ENGINE = ENGINES["db"]
