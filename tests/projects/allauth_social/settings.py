"""django-allauth's social logins (``allauth.socialaccount``), at a provider of OpenID Connect.

App: django-allauth: social logins
Packages: django-allauth
Before: every login answered 500, because allauth re-opens the session by its class.
Verdict: works as it is. To log out at the provider as well, and when the provider says so, add the
app and the provider.
Write:
    INSTALLED_APPS += ["django_logout.federation"]
    LOGOUT = {"PROVIDERS": {"op": {"ISSUER": "https://…", "CLIENT_ID": "…"}}}
Not reached: without that app, the session at the provider. allauth keeps no raw ID token, so the
provider asks the user to confirm.

What matters: allauth re-opens the session at each of them.
"""

from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS
from tests.projects.provider import CLIENT

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_logout.federation",
    "allauth.headless",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
ROOT_URLCONF = "tests.projects.allauth_social.urls"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "local",
                "name": "Local",
                "client_id": CLIENT["client_id"],
                "secret": CLIENT["client_secret"],
            }
        ]
    }
}
