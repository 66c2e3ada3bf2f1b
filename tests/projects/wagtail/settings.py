"""Wagtail: editors log in and out under ``/cms/``.

App: Wagtail
Packages: wagtail
Before: an old link to the logout, which Wagtail refuses with 405, withdrew the cookie and left the session.
Verdict: works as it is.
Not reached: nothing.

What matters: Wagtail's own views of login and logout, on its own templates.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [
    "wagtail.users",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    *INSTALLED_APPS,
]
ROOT_URLCONF = "tests.projects.wagtail.urls"
WAGTAIL_SITE_NAME = "Cars"
WAGTAILADMIN_BASE_URL = "http://testserver"
