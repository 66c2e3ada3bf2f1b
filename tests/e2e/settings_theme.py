"""Settings of the car site, connected to others, with a theme for the admin, which ``ADMIN_THEME`` names."""

import os

from tests.e2e.settings_connected import *  # noqa: F403
from tests.e2e.settings_connected import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*filter(None, [os.environ.get("ADMIN_THEME")]), *INSTALLED_APPS]
# Themes have scripts and styles in their pages.
MIDDLEWARE = [name for name in MIDDLEWARE if "ContentSecurityPolicy" not in name]
