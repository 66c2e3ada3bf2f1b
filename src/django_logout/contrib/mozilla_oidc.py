"""Record the logins of mozilla-django-oidc, for logouts from and at the provider::

OIDC_CALLBACK_CLASS = "django_logout.contrib.mozilla_oidc.CallbackView"
"""

from functools import wraps
from typing import Any

from django.http import HttpResponse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from django_logout.federation import links, providers

#: The session key under which the library keeps the ID token, if ``OIDC_STORE_ID_TOKEN`` is set.
KEPT_AS = "oidc_id_token"
#: Attribute of requests: the ID token that the library has verified.
VERIFIED = "_django_logout_id_token"

_store_tokens = OIDCAuthenticationBackend.store_tokens


@wraps(_store_tokens)
def _note_token(self: Any, access_token: Any, id_token: Any) -> None:
    setattr(self.request, VERIFIED, id_token)
    _store_tokens(self, access_token, id_token)


# The library passes the raw token to this method alone, and its settings may name any backend.
OIDCAuthenticationBackend.store_tokens = _note_token


class CallbackView(OIDCAuthenticationCallbackView):
    """The library's view, which also records at which provider the session began."""

    def login_success(self) -> HttpResponse:
        """Log in as the library does, then record the login.

        A login in place of another user's empties the session, and with it a token that the library
        has stored there just before. A session that is only checked again is not logged in anew;
        its link is renewed all the same.
        """
        stored = self.request.session.get(KEPT_AS)
        response: HttpResponse = super().login_success()
        raw = getattr(self.request, VERIFIED, None)
        if raw and providers.by_issuer(links.read_claims(raw).issuer):
            links.record(self.request, id_token=raw)
        if stored and KEPT_AS not in self.request.session:
            self.request.session[KEPT_AS] = stored
        return response
