"""django-allauth with its second factors, and django-otp: their signals tell of changed factors.

App: django-allauth: password, code, second factor
Packages: django-allauth, django-otp
Before: nothing was wrong with logins and logouts.
Verdict: works as it is.
Not reached: nothing.

What matters: allauth authenticates (``AUTHENTICATION_BACKENDS``), and its middleware is installed.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ROOT_URLCONF = "tests.projects.mfa.urls"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
