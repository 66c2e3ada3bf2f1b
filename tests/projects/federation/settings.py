"""django_logout.federation: users log in at a provider, and its logouts count here.

Part of: mozilla_oidc
What matters: what the provider reports ends the session that it means, and no other.
"""

from tests.projects.provider import CLIENT
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_logout.federation"]
ROOT_URLCONF = "tests.projects.federation.urls"
LOGOUT_REDIRECT_URL = "/"
LOGOUT = {
    "PROVIDERS": {
        "op": {
            "ISSUER": "https://op.example",
            "CLIENT_ID": CLIENT["client_id"],
            "TITLE": "Example ID",
            "ALLOW_PRIVATE": True,
            "POST_LOGOUT_REDIRECT_URI": "http://testserver/signed-out/",
        }
    }
}
