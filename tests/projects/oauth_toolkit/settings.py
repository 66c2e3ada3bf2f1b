"""django-oauth-toolkit as an identity provider: another site logs users in here, and out again.

App: django-oauth-toolkit
Packages: django-oauth-toolkit
Before: tokens that were issued in a session outlived it.
Verdict: works as it is.
Not reached: the session at the other site, which learns of an ending when it uses a token.

What matters: ``OAUTH2_PROVIDER`` turns OpenID Connect and its logout on.
"""

from tests.projects.tokens.settings import *  # noqa: F403
from tests.projects.tokens.settings import OAUTH2_PROVIDER

ROOT_URLCONF = "tests.projects.oauth_toolkit.urls"
OAUTH2_PROVIDER = {**OAUTH2_PROVIDER, "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": True}
