"""django-debug-toolbar: every page of a developer shows its queries, and its session.

App: django-debug-toolbar
Packages: django-debug-toolbar
Before: nothing was wrong.
Verdict: works as it is.
Not reached: nothing.

What matters: its middleware stands before ours and looks at the session after the view.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", *MIDDLEWARE]
DEBUG_TOOLBAR_CONFIG = {
    "IS_RUNNING_TESTS": False,
    "SHOW_TOOLBAR_CALLBACK": "tests.projects.debug_toolbar.urls.show_toolbar",
}
ROOT_URLCONF = "tests.projects.debug_toolbar.urls"
