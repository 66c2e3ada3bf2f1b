"""A site whose users log in at a provider by mozilla-django-oidc, allauth, social-auth-app-django, Authlib and
django-pyoidc.

Each library has the settings of its own documentation. For ours, the first of them needs one line, the next two none, and the
others the lines of ``by_hand.py``. What depends on ports is set by ``conftest.py``.
"""

import os
import warnings
from pathlib import Path
from tempfile import gettempdir

from oic.utils.authn.client import ClientSecretPost

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

# While Django sets up: python3-openid, which social-auth imports, uses what its parser deprecates.
warnings.filterwarnings("ignore", "defusedxml.cElementTree")

CLIENT_ID, SECRET = "cars", "not a secret: these are tests, and this is long"

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_logout.federation",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_pyoidc",
    "mozilla_django_oidc",
    "social_django",
]
MIDDLEWARE = [
    *MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "social_django.middleware.SocialAuthExceptionMiddleware",
]
ROOT_URLCONF = "tests.federation_peers.urls"

# The one line.
OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"

OIDC_RP_CLIENT_ID = CLIENT_ID
OIDC_RP_CLIENT_SECRET = SECRET
OIDC_RP_SIGN_ALGO = "RS256"

DJANGO_PYOIDC = {
    "op": {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "provider_discovery_uri": "http://127.0.0.1:9",
        "oidc_paths_prefix": "pyoidc",
        "oidc_callback_path": "/pyoidc-callback",
        "login_redirection_requires_https": False,
        "post_login_uri_success": "/",
        "scopes": ["openid", "email", "profile"],
        # It can send a header only, unless its way to do so is another.
        "client_authn_method": {"client_secret_basic": ClientSecretPost},
        "use_introspection_on_access_tokens": False,
        "hook_get_user": "tests.federation_peers.by_hand:get_user",
        "hook_user_login": "tests.federation_peers.by_hand:on_login",
    }
}

SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
ACCOUNT_RATE_LIMITS = False

SOCIAL_AUTH_OIDC_KEY = CLIENT_ID
SOCIAL_AUTH_OIDC_SECRET = SECRET
SOCIAL_AUTH_OIDC_TOKEN_ENDPOINT_AUTH_METHOD = "client_secret_post"
SOCIAL_AUTH_PIPELINE = [
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_uid",
    "social_core.pipeline.social_auth.social_user",
    "social_core.pipeline.social_auth.associate_by_email",
    "social_core.pipeline.social_auth.associate_user",
    "social_core.pipeline.social_auth.load_extra_data",
]

# The live server answers in several threads, and a database in memory would give them one connection.
_file = str(Path(gettempdir()) / f"federation-peers-{os.getpid()}.sqlite3")
DATABASES["default"] |= {"NAME": _file, "TEST": {"NAME": _file}}
