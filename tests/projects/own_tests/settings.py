"""A project whose own tests log users in and out in every way that Django and pytest offer.

App: factory_boy, pytest-django
Packages: factory-boy, pytest-django
Before: stand-ins for a session, such as a dict, were an error in tests with ``RequestFactory``.
Verdict: works as it is.
Not reached: nothing.

What matters: the tests are written as a user of the package writes them, with nothing of its own test suite.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.own_tests"]
ROOT_URLCONF = "tests.projects.own_tests.urls"
