"""The car site's own settings, with passwords that are quick to check: browsers log in often."""

from config.settings import *  # type: ignore[import-not-found]  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
