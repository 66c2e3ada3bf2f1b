"""The project with JSON web tokens, as real processes serve it beside each other."""

import os

from tests.adapters.settings_jwt import *  # noqa: F403
from tests.backends import cache_from_url

CACHES = {
    "default": {
        **cache_from_url(os.environ["REDIS_URL"]),
        "KEY_PREFIX": os.environ["FAULTS_DATABASE"],
    }
}
LOGGING_CONFIG = None
