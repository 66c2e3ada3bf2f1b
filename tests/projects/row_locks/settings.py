"""JSON web tokens and OAuth on PostgreSQL, which locks rows: concurrent requests wait for each other.

Part of: jwt

What matters: ``DATABASES``, a database of this process's own on the server that ``POSTGRES_URL`` names.
"""

import os

from tests import services
from tests.backends import database_from_url
from tests.projects.jwt.settings import *  # noqa: F403

DATABASES = {
    "default": {
        **database_from_url(services.URLS["postgres"]),
        "NAME": f"logout_row_locks_{os.getpid()}",
    }
}
ROOT_URLCONF = "tests.projects.row_locks.urls"
