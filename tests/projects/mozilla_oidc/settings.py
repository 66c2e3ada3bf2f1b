"""mozilla-django-oidc: users log in at a provider of OpenID Connect.

App: mozilla-django-oidc
Packages: mozilla-django-oidc
Before: every login answered 500, because the library re-opens the session by its class.
Verdict: works as it is. To log out at the provider as well, write a function that returns its
URL, and name it.
Write:
    OIDC_OP_LOGOUT_URL_METHOD = "accounts.oidc.provider_logout"
Not reached: without that function, the session at the provider. The next login there needs no
password.

What matters: the library re-opens the session at each login, and logs out of the provider only
where ``OIDC_OP_LOGOUT_URL_METHOD`` says how.
"""

from tests.projects.provider import CLIENT
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "mozilla_django_oidc"]
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = CLIENT["client_id"]
OIDC_RP_CLIENT_SECRET = CLIENT["client_secret"]
OIDC_RP_SIGN_ALGO = "RS256"
LOGIN_URL = "oidc_authentication_init"
LOGOUT_REDIRECT_URL = "/"
ROOT_URLCONF = "tests.projects.mozilla_oidc.urls"
