"""The endpoints and the classes for JSON web tokens, beside two generators of OpenAPI schemas: drf-spectacular and drf-yasg.

App: drf-spectacular, drf-yasg
Packages: drf-spectacular, drf-yasg
Before: drf-spectacular refused our views, and with them the whole schema; it did not know our
authentication classes.
Verdict: works as it is.
Not reached: nothing.
"""

from tests.projects.rest_auth.settings import *  # noqa: F403
from tests.projects.rest_auth.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "drf_spectacular", "drf_yasg"]
ROOT_URLCONF = "tests.projects.schemas.urls"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
