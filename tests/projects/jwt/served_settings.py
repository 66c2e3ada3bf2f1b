"""The project ``jwt`` as two server processes run it: on one PostgreSQL database and one Redis
cache."""

import os

from tests.backends import cache_from_url
from tests.projects.jwt.settings import *  # noqa: F403
from tests.projects.jwt.settings import DATABASES

NAME = os.environ["SERVED_DATABASE"]
DATABASES = {"default": {**DATABASES["default"], "NAME": NAME}}
CACHES = {"default": {**cache_from_url(os.environ["REDIS_URL"]), "KEY_PREFIX": NAME}}
LOGGING_CONFIG = None
