"""The token project with models of its own."""

from tests.adapters.settings_tokens import *  # noqa: F403
from tests.adapters.settings_tokens import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.adapters.own"]
KNOX_TOKEN_MODEL = "own.ProgramToken"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "own.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "own.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "own.IDToken"
OAUTH2_PROVIDER_GRANT_MODEL = "own.Grant"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "own.DeviceGrant"
