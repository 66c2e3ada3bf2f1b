"""Settings of the car site with a theme for the admin, which ``ADMIN_THEME`` names."""

import os

from config.settings import INSTALLED_APPS  # type: ignore[import-not-found]
from tests.e2e.settings_by_host import *  # noqa: F403
from tests.e2e.settings_by_host import MIDDLEWARE

INSTALLED_APPS = [*filter(None, [os.environ.get("ADMIN_THEME")]), *INSTALLED_APPS]
# Themes have scripts and styles in their pages.
MIDDLEWARE = [name for name in MIDDLEWARE if "ContentSecurityPolicy" not in name]
