"""The project ``tokens`` with swapped models: Knox's and django-oauth-toolkit's tables belong to the project.

Part of: tokens

What matters: ``KNOX_TOKEN_MODEL`` and the ``OAUTH2_PROVIDER_…_MODEL`` settings.
"""

from tests.projects.tokens.settings import *  # noqa: F403
from tests.projects.tokens.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.own_models"]
ROOT_URLCONF = "tests.projects.own_models.urls"
KNOX_TOKEN_MODEL = "own_models.ProgramToken"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "own_models.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "own_models.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "own_models.IDToken"
OAUTH2_PROVIDER_GRANT_MODEL = "own_models.Grant"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "own_models.DeviceGrant"
