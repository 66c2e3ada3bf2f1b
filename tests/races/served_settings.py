"""Settings of the site that a real ASGI server serves: the test project, with views that are slow."""

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE

ROOT_URLCONF = "tests.races.served_urls"
MIDDLEWARE = ["tests.races.served_urls.slow_way_in", *MIDDLEWARE]
LOGOUT = {"REVOKERS": ["tests.races.served_urls.SlowRevoker"]}
LOGGING_CONFIG = None
