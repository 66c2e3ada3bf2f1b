"""django-ninja-extra: an API of controllers, for scripts with the session and for apps with tokens of django-ninja-jwt.

App: django-ninja-extra, django-ninja-jwt
Packages: django-ninja-extra, django-ninja-jwt
Before: nothing was wrong with sessions.
Verdict: controllers that authenticate by the session work as they are.
Not reached: tokens of django-ninja-jwt, which end with their own lifetime.

What matters: a controller authenticates by ``django_auth`` or ``JWTAuth``.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "ninja_extra", "ninja_jwt"]
NINJA_JWT = {"SIGNING_KEY": "not a secret either, but as long as HMAC with SHA-256 wants"}
ROOT_URLCONF = "tests.projects.ninja_extra.urls"
