"""django-cachalot answers queries from its cache, and learns of writes that Django makes.

App: django-cachalot
Packages: django-cachalot
Before: whether a session is active could be answered from its cache, after the session had ended.
Verdict: works as it is.
Not reached: nothing.

What matters: its cache is the project's, in this process here and on Redis, as the engine has it.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "cachalot"]
ROOT_URLCONF = "tests.projects.cachalot.urls"
