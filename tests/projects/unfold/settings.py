"""The admin in the theme of django-unfold.

App: django-unfold
Packages: django-unfold
Before: customers who logged out got the goodbye page of the admin's theme.
Verdict: works as it is.
Not reached: nothing.

What matters: its templates stand before Django's, and before ours.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
ROOT_URLCONF = "tests.projects.unfold.urls"
