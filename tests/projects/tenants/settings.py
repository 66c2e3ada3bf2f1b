"""django-tenants: a schema of PostgreSQL for each tenant, known by its host; user 1 is someone else in each.

App: django-tenants
Packages: django-tenants
Before: nothing was wrong with sessions.
Verdict: works as it is, in ``TENANT_APPS`` if the users are there. Keep the tenants' keys apart in the cache, too.
Write:
    CACHES["default"]["KEY_FUNCTION"] = "django_tenants.cache.make_key"
Not reached: other tenants, which is right. A command and a task end sessions of the schema they run in.

What matters: its middleware stands first, and ``TENANT_APPS`` has all that is about users.
"""

import os

from tests import services
from tests.backends import database_from_url
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

DATABASES = {
    "default": {
        **database_from_url(services.URLS["postgres"]),
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": f"logout_tenants_{os.getpid()}",
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "tests.projects.tenants"]
TENANT_APPS = INSTALLED_APPS
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", *MIDDLEWARE]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
ROOT_URLCONF = "tests.projects.tenants.urls"
