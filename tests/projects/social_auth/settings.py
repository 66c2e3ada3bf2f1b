"""social-auth-app-django (Python Social Auth): users log in at a provider of OpenID Connect.

App: Python Social Auth
Packages: social-auth-app-django
Before: nothing was wrong.
Verdict: works as it is; logging out is ours, since it has no page for that. To log out at the
provider as well, and when the provider says so, add the app and the provider.
Write:
    INSTALLED_APPS += ["django_logout.federation"]
    LOGOUT = {"PROVIDERS": {"op": {"ISSUER": "https://…", "CLIENT_ID": "…"}}}
Not reached: without that app, the session at the provider; and the provider's tokens in its table, which let no one
in here.

What matters: the library has a page of login and none of logout.
"""

import warnings

from tests.projects.provider import CLIENT
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

# While Django sets up: python3-openid, which the library imports, uses what its parser deprecates.
warnings.filterwarnings("ignore", "defusedxml.cElementTree")

INSTALLED_APPS = [*INSTALLED_APPS, "django_logout.federation", "social_django"]
MIDDLEWARE = [*MIDDLEWARE, "social_django.middleware.SocialAuthExceptionMiddleware"]
AUTHENTICATION_BACKENDS = ["social_core.backends.open_id_connect.OpenIdConnectAuth"]
SOCIAL_AUTH_OIDC_KEY = CLIENT["client_id"]
SOCIAL_AUTH_OIDC_SECRET = CLIENT["client_secret"]
SOCIAL_AUTH_PIPELINE = [
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_uid",
    "social_core.pipeline.social_auth.social_user",
    "social_core.pipeline.social_auth.associate_by_email",
    "social_core.pipeline.social_auth.associate_user",
    "social_core.pipeline.social_auth.load_extra_data",
]
ROOT_URLCONF = "tests.projects.social_auth.urls"
