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
#: Attribute of requests: the tokens of the answer to the code, not yet verified.
ANSWERED = "_django_logout_answered"

_get_token = OIDCAuthenticationBackend.get_token
_store_tokens = OIDCAuthenticationBackend.store_tokens


@wraps(_get_token)
def _note_answer(self: Any, payload: Any) -> Any:
    answer = _get_token(self, payload)
    setattr(self.request, ANSWERED, answer)
    return answer


@wraps(_store_tokens)
def _note_tokens(self: Any, access_token: Any, id_token: Any) -> None:
    if providers.by_issuer(links.read_claims(id_token).issuer):
        refresh_token = vars(self.request).get(ANSWERED, {}).get("refresh_token") or ""
        links.expect(
            self.request,
            id_token=id_token,
            refresh_token=refresh_token,
            access_token=access_token or "",
        )
    _store_tokens(self, access_token, id_token)


# The library passes the raw tokens to these methods alone, and its settings may name any backend.
OIDCAuthenticationBackend.get_token = _note_answer
OIDCAuthenticationBackend.store_tokens = _note_tokens


class CallbackView(OIDCAuthenticationCallbackView):
    """The library's view, which also records at which provider the session began."""

    def login_success(self) -> HttpResponse:
        """Log in as the library does, and record the login.

        A login in place of another user's empties the session, and with it a token that the library
        has stored there just before. A session that is only checked again is not logged in anew;
        its link is renewed all the same.
        """
        stored = self.request.session.get(KEPT_AS)
        response: HttpResponse = super().login_success()
        links.record_expected(self.request)
        if stored and KEPT_AS not in self.request.session:
            self.request.session[KEPT_AS] = stored
        return response
