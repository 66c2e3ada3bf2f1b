"""allauth.idp and django_logout.federation: this site is a provider, and tells its applications of logouts.

Part of: allauth_idp
What matters: one line names the adapter. Logouts are delivered when a test says so.
"""

from tests.projects.issuing import PRIVATE_KEY
from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.idp.oidc", "django_logout.federation"]
ROOT_URLCONF = "tests.projects.clients_allauth.urls"
IDP_OIDC_ADAPTER = "django_logout.contrib.allauth_idp.IdpAdapter"
IDP_OIDC_PRIVATE_KEY = PRIVATE_KEY
IDP_OIDC_DCR_ENABLED = True
LOGOUT = {
    "DELIVERY": "command",
    "CLIENT_NETWORKS": ["127.0.0.0/8"],
    "EXEMPT_CREDENTIALS": ["allauth.idp.oidc"],
}
