"""WhiteNoise serves the static files, whose names come from a manifest that is strict.

App: WhiteNoise
Packages: whitenoise
Before: our pages answered 500 until ``collectstatic`` had run, the one about an outage too.
Verdict: works as it is; run ``collectstatic`` as always, or our pages have no style.
Not reached: nothing.

What matters: ``collectstatic`` has to have run, or a template that names a file fails.
"""

import tempfile

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE

MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]
STATIC_ROOT = tempfile.mkdtemp(prefix="logout-static-")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
ROOT_URLCONF = "tests.projects.whitenoise.urls"
