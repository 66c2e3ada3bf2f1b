"""django-allauth as an identity provider (``allauth.idp.oidc``).

App: django-allauth: identity provider
Packages: django-allauth
Before: nothing was wrong.
Verdict: logins and logouts work as they are, those that another site asks for too. The check W060
names the tokens; write this once you have read it.
Write:
    LOGOUT = {"EXEMPT_CREDENTIALS": ["allauth.idp.oidc"]}
Not reached: tokens that were issued to other sites. They end with their own lifetime.

What matters: the tokens that it issues to other sites outlive the session in which they were
granted, so ``EXEMPT_CREDENTIALS`` names the app.
"""

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.projects.mfa.settings import *  # noqa: F403
from tests.projects.mfa.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "allauth.idp.oidc"]
ROOT_URLCONF = "tests.projects.allauth_idp.urls"
IDP_OIDC_PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
