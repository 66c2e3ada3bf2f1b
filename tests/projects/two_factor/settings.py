"""django-two-factor-auth: a password, then a code of an app (django-otp).

App: django-two-factor-auth
Packages: django-two-factor-auth, django-otp
Before: nothing was wrong.
Verdict: works as it is; logging out is ours, since it has no page for that.
Not reached: nothing.

What matters: ``OTPMiddleware`` asks whether the session has proved the second factor.
"""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "two_factor",
]
MIDDLEWARE = [*MIDDLEWARE, "django_otp.middleware.OTPMiddleware"]
ROOT_URLCONF = "tests.projects.two_factor.urls"
LOGIN_URL = "two_factor:login"
LOGIN_REDIRECT_URL = "two_factor:profile"
OTP_TOTP_THROTTLE_FACTOR = 0
