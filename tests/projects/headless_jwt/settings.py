"""django-allauth's headless API for apps, with JSON web tokens (``JWTTokenStrategy``).

Part of: headless

What matters: ``HEADLESS_TOKEN_STRATEGY``. Everything else is the project ``headless``.
"""

from tests.projects.headless.settings import *  # noqa: F403

ROOT_URLCONF = "tests.projects.headless_jwt.urls"
HEADLESS_TOKEN_STRATEGY = "django_logout.contrib.headless.JWTTokenStrategy"
