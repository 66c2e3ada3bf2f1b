"""Record the logins that are expected, and those of libraries that announce them by a signal.

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

from django_logout import hooks
from django_logout.enums import Scope
from django_logout.federation import links, providers
from django_logout.guard.install import session_and_state, session_of
from django_logout.signals import ending_announced
from django_logout.types import Ending
from django_logout.utils.context import current_request

#: The name of what is noted of a login that has to wait.
NOTE = "federation"
#: The session key under which allauth keeps a login that is finished by a later request, and the
#: attribute of requests that holds it from then on: allauth deletes it before it logs the user in.
STASH, STASHED = "account_login", "_django_logout_allauth_login"


def connect_clients() -> None:
    """Connect to the libraries that are installed, to logins and to endings."""
    ending_announced.connect(on_ending, dispatch_uid="django_logout.federation.ending")
    user_logged_in.connect(on_login, dispatch_uid="django_logout.federation.login")
    hooks.login_notes[NOTE] = note_login
    if apps.is_installed("allauth.socialaccount"):
        # Not only Django's signal: that has no `sociallogin`, and is not sent for every login.
        found = import_string("allauth.socialaccount.signals.pre_social_login")
        found.connect(on_allauth_callback, dispatch_uid="django_logout.federation.allauth")
        logged_in = import_string("allauth.account.signals.user_logged_in")
        logged_in.connect(on_allauth_login, dispatch_uid="django_logout.federation.allauth")
        for name in ("authentication_step_completed", "email_confirmed"):
            step = import_string(f"allauth.account.signals.{name}")
            step.connect(on_allauth_step, dispatch_uid="django_logout.federation.allauth")
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


def on_login(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Record a login that is expected, or that has waited until its user had chosen."""
    session, state = session_and_state(request)
    if request is None or session is None:
        return
    if session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return  # The signal is for a token that an API client has been given.
    pending = state.pending_login
    if pending is not None and (packed := pending.notes.get(NOTE)):
        links.record_facts(request, links.unpack_facts(packed))
    links.record_expected(request)


def note_login(request: HttpRequest) -> dict[str, Any] | None:
    """Return what is to be recorded of a login that has to wait, or ``None``."""
    facts = (
        vars(request).get(links.EXPECTED)
        or _stashed_facts(request)
        or _social_facts(getattr(request.user, "social_user", None))
    )
    if facts is None:
        return None
    # A cookie is too small for the tokens. Without them, the provider asks the user to confirm.
    return links.pack_facts(facts, with_tokens=session_of(request).engine.keyed)


def on_allauth_callback(sender: Any, request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    """Expect a login through allauth's ``openid_connect``, which has verified the claims."""
    if facts := _allauth_facts(sociallogin):
        vars(request)[links.EXPECTED] = facts


def on_allauth_login(
    sender: Any, request: HttpRequest, sociallogin: Any = None, **kwargs: Any
) -> None:
    """Record a login through allauth, also if it is in another request than that from the provider,
    such as after a second factor."""
    if links.EXPECTED in vars(request):
        links.record_expected(request)
    elif facts := _allauth_facts(sociallogin):
        links.record_facts(request, facts)


def on_allauth_step(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Remember the login that a second factor or a code completes: it may have to wait once more."""
    if stashed := request.session.get(STASH):
        vars(request)[STASHED] = stashed


def _stashed_facts(request: HttpRequest) -> links.LoginFacts | None:
    """Return what is known of a login through allauth that this request completes."""
    stashed = vars(request).get(STASHED)
    if stashed is None:
        return None
    login = import_string("allauth.account.models.Login").deserialize(stashed)
    if login.user != request.user:
        return None  # It was given up, and another user logs in.
    return _allauth_facts((login.signal_kwargs or {}).get("sociallogin"))


def _allauth_facts(sociallogin: Any) -> links.LoginFacts | None:
    """Return what allauth knows of a login at one of our providers.

    It keeps no raw ID token, so a logout at the provider asks the user to confirm.
    """
    data = (sociallogin and sociallogin.account.extra_data) or {}
    claims = data.get("id_token", data)  # A client that sends an ID token leaves nothing else.
    said = links.claims_of(claims if isinstance(claims, dict) else {})
    if not providers.by_issuer(said.issuer):
        return None
    alias = links.alias_of(said.issuer, said.audiences)
    return links.find_facts(
        alias,
        claims=claims,
        refresh_token=getattr(sociallogin.token, "token_secret", None) or "",
        access_token=getattr(sociallogin.token, "token", None) or "",
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
    facts = _social_facts(account)
    if request is not None and facts is not None:
        links.record_facts(request, facts)


def _social_facts(account: Any) -> links.LoginFacts | None:
    data = getattr(account, "extra_data", None) or {}
    raw = data.get("id_token")
    if not isinstance(raw, str) or not providers.by_issuer(links.read_claims(raw).issuer):
        return None
    refresh_token, access_token = (
        data.get(f"{kind}_token") or "" for kind in ("refresh", "access")
    )
    return links.find_facts(id_token=raw, refresh_token=refresh_token, access_token=access_token)
