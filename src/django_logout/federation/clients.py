"""Record the logins of libraries that announce them by a signal.

Others call ``links.record()`` (``docs/federation.md`` has a line for each). Only logins at the
providers of ``LOGOUT["PROVIDERS"]`` are recorded.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.utils.module_loading import import_string

from django_logout.enums import Scope
from django_logout.federation import links, providers
from django_logout.guard.install import session_of
from django_logout.signals import ending_announced
from django_logout.types import Ending
from django_logout.utils.context import current_request


def connect_clients() -> None:
    """Connect to the libraries that are installed, and to the endings."""
    ending_announced.connect(on_ending, dispatch_uid="django_logout.federation.ending")
    if apps.is_installed("allauth.socialaccount"):
        # Not Django's signal: that has no `sociallogin`, and is not sent for every login.
        logged_in = import_string("allauth.account.signals.user_logged_in")
        logged_in.connect(on_allauth_login, dispatch_uid="django_logout.federation.allauth")
    if apps.is_installed("social_django"):
        user_logged_in.connect(on_social_login, dispatch_uid="django_logout.federation.social")
        post_save.connect(
            on_social_account,
            sender="social_django.UserSocialAuth",
            dispatch_uid="django_logout.federation.social_account",
        )


def on_ending(sender: Any, ending: Ending, **kwargs: Any) -> None:
    """Delete the ID tokens of the sessions that have ended, unless there can be none."""
    if not providers.configured() or not ending.sessions:
        return
    alone = ending.target.scope is Scope.CURRENT and len(ending.sessions) == 1
    if alone and ending.request is not None and not links.is_linked(ending.request):
        return
    links.forget_tokens(session.id for session in ending.sessions)


def on_allauth_login(
    sender: Any, request: HttpRequest, sociallogin: Any = None, **kwargs: Any
) -> None:
    """Record a login through allauth's ``openid_connect``, which has verified the claims.

    allauth keeps no raw ID token, so a logout at the provider asks the user to confirm.
    """
    if sociallogin is None:
        return
    claims = (sociallogin.account.extra_data or {}).get("id_token")
    if not isinstance(claims, dict):
        return
    said = links.claims_of(claims)
    if providers.by_issuer(said.issuer):
        links.record(
            request,
            provider=links.alias_of(said.issuer, said.audiences),
            issuer=said.issuer,
            subject=said.subject,
            sid=said.sid,
            issued_at=said.issued_at,
            refresh_token=getattr(sociallogin.token, "token_secret", ""),
            access_token=getattr(sociallogin.token, "token", ""),
        )


def on_social_login(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Record a login through social-auth-app-django, whose row of the account holds the ID token."""
    _record_social_account(request, getattr(user, "social_user", None))


def on_social_account(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Renew the link of a user who has come back from the provider and was logged in already.

    The library stores the new ID token then, and does not log in.
    """
    request = current_request.get()
    session = session_of(request)
    if session is not None and session.get(SESSION_KEY) == str(instance.user_id):
        _record_social_account(request, instance)


def _record_social_account(request: HttpRequest | None, account: Any) -> None:
    data = getattr(account, "extra_data", None) or {}
    raw = data.get("id_token")
    if request is None or not isinstance(raw, str):
        return
    if providers.by_issuer(links.read_claims(raw).issuer):
        refresh_token, access_token = (
            data.get(f"{kind}_token") or "" for kind in ("refresh", "access")
        )
        links.record(request, id_token=raw, refresh_token=refresh_token, access_token=access_token)
