"""django-allauth's headless API for apps, whose token is the key of a session (``SessionTokenStrategy``).

App: django-allauth: headless
Packages: django-allauth, djangorestframework
Before: the token of an app brought its session back after an ending.
Verdict: in browsers works as it is. For apps write this.
Write:
    HEADLESS_TOKEN_STRATEGY = "django_logout.contrib.headless.SessionTokenStrategy"
Not reached: nothing. Apps cannot be served with signed cookies.

What matters: ``HEADLESS_TOKEN_STRATEGY``. Signed-cookie sessions have no key to find them by, so db takes their place. Logins
that are linked to a provider lead on to it.
"""

from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS, SESSION_ENGINE
from tests.settings import ENGINES

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_logout.federation",
    "allauth.headless",
    "rest_framework",
]
ROOT_URLCONF = "tests.projects.headless.urls"
HEADLESS_TOKEN_STRATEGY = "django_logout.contrib.headless.SessionTokenStrategy"
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = "not a secret either, but as long as HMAC with SHA-256 wants"
if ENGINES["signed_cookies"] == SESSION_ENGINE:
    SESSION_ENGINE = ENGINES["db"]
