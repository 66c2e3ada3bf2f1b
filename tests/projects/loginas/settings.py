"""django-loginas: an administrator logs in as another user, and back by logging out.

App: django-loginas
Packages: django-loginas
Before: logging out made the administrator log in again, whatever had become of the account and
its sessions meanwhile, and acting as a user took one of the user's places and sent mail.
Verdict: works as it is.
Not reached: nothing.

What matters: its way back is a logout and then a login.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "loginas"]
ROOT_URLCONF = "tests.projects.loginas.urls"
LOGINAS_REDIRECT_URL = "/"
LOGINAS_LOGOUT_REDIRECT_URL = "/"
