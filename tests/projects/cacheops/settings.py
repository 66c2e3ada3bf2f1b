"""django-cacheops answers queries from Redis, until a model is saved or deleted.

App: django-cacheops
Packages: django-cacheops
Before: nothing was wrong.
Verdict: works as it is.
Not reached: nothing.

What matters: ``CACHEOPS`` caches the queries of every model, as few projects do.
"""

from uuid import uuid4

from tests import services
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["cacheops", *INSTALLED_APPS]
CACHEOPS_REDIS = services.URLS["redis"]
CACHEOPS = {"*.*": {"ops": "all", "timeout": 60}}
CACHEOPS_PREFIX = "tests.projects.cacheops.settings.prefix"
ROOT_URLCONF = "tests.projects.cacheops.urls"
_prefix = uuid4().hex


def prefix(query: object) -> str:
    """Return a prefix of this process's own, which keeps tests that run side by side apart."""
    return _prefix
