"""mozilla-django-oidc: users log in at a provider of OpenID Connect.

App: mozilla-django-oidc
Packages: mozilla-django-oidc
Before: every login answered 500, because the library re-opens the session by its class.
Verdict: works as it is. To log out at the provider as well, and when the provider says so, add the
app, the provider, and a view in place of the library's.
Write:
    INSTALLED_APPS += ["django_logout.federation"]
    LOGOUT = {"PROVIDERS": {"op": {"ISSUER": "https://…", "CLIENT_ID": "…"}}}
    OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"
Not reached: without that app, the session at the provider, and so by the library's own logout view
without its ``OIDC_OP_LOGOUT_URL_METHOD``. The next login there needs no password.

What matters: the library re-opens the session at each login, and logs out of the provider only
where ``OIDC_OP_LOGOUT_URL_METHOD`` says how.
"""

from tests.projects.provider import CLIENT
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_logout.federation",
    "mozilla_django_oidc",
    "django_otp",
    "django_otp.plugins.otp_static",
]
MIDDLEWARE = [*MIDDLEWARE, "django_otp.middleware.OTPMiddleware"]
AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
OIDC_RP_CLIENT_ID = CLIENT["client_id"]
OIDC_RP_CLIENT_SECRET = CLIENT["client_secret"]
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"
LOGIN_URL = "oidc_authentication_init"
LOGOUT_REDIRECT_URL = "/"
ROOT_URLCONF = "tests.projects.mozilla_oidc.urls"
