"""A login at the provider that is finished by a later request: after a second factor, a code, a form.

The link is the same as that of a login in one step, and so is what the provider can end.
"""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from tests.pending_logins import CHOOSE
from tests.projects.provider import CLIENT
from tests.projects.relying_party import configure
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

API = "/_allauth/browser/v1"


@pytest.fixture(autouse=True)
def _provider(provider: Any, settings: Any) -> None:
    """Tell us and allauth where the provider is, and keep its refresh token."""
    configure(provider, settings)
    one = {**settings.LOGOUT["PROVIDERS"]["op"], "RECHECK": 600}
    settings.LOGOUT = {"PROVIDERS": {"op": one}}
    app = {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]}
    app["settings"] = {"server_url": provider.url}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A user, whom the provider knows by the same address."""
    user = django_user_model.objects.create_user("ann", "ann@example.com", "pw")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def secret(user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> str:
    """Turn on the second factor of the user, of which one code is good for all logins of a test."""
    settings.MFA_TOTP_TOLERANCE = 1
    monkeypatch.setattr(TOTP, "_mark_code_used", lambda self, code: True)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def totp(secret: str) -> str:
    """Return the code of the user's app."""
    *_, counter = yield_hotp_counters_from_time()  # The next one's, or time might run out.
    return format_hotp_value(hotp_value(secret, counter))


def arrive(process: str = "login", visitor: Visitor | None = None) -> Visitor:
    """Return a visitor who has come back from the provider."""
    visitor = visitor or Visitor()
    visitor.visit(f"/allauth/oidc/local/login/?next=/&process={process}")
    visitor.submit("/allauth/oidc/local/login/")
    if visitor.url.startswith("http://127.0.0.1"):
        visitor.submit(button="in")
    return visitor


def check_link(provider: Any, *visitors: Visitor) -> None:
    """The newest login is linked, and the provider ends it, and no other."""
    assert [visitor.who() for visitor in visitors] == ["ann"] * len(visitors)
    link = ProviderLink.objects.latest("pk")
    assert (link.provider, link.issuer, link.subject) == ("op", provider.url, "1")
    assert link.sid == provider.sids[-1]
    assert unseal(link.recheck_token).startswith("refresh ")
    raw = provider.logout_token(sid=link.sid)
    body, kind = urlencode({"logout_token": raw}), "application/x-www-form-urlencoded"
    assert Client().post("/backchannel/", body, content_type=kind).status_code == 200
    *others, last = visitors
    assert last.who() == ""
    assert [visitor.who() for visitor in others] == ["ann"] * len(others)


def mailed_code() -> str:
    """Return the code of the last mail."""
    found: str = re.findall(r"^([A-Z0-9]{3,}-[A-Z0-9]{3,})$", mail.outbox[-1].body, re.M)[-1]
    return found


def test_second_factor(user: Any, provider: Any, secret: str) -> None:
    """By the page of allauth.mfa."""
    one, two = arrive(), arrive()
    assert not ProviderLink.objects.exists()
    one.submit(code=totp(secret))
    first = provider.sids[-2]
    assert ProviderLink.objects.get().sid == first
    two.submit(code=totp(secret))
    check_link(provider, one, two)


def test_second_factor_beyond_max_sessions(
    user: Any, provider: Any, secret: str, settings: Any
) -> None:
    """The login waits twice: for the code, then until its user has chosen which sessions end."""
    settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    Client().force_login(user)
    here = arrive()
    here.submit(code=totp(secret))
    assert (here.url, here.who()) == (f"http://testserver{CHOOSE}", "")
    here.post(CHOOSE, {"all": "1"})
    check_link(provider, here)


def test_login_that_is_given_up_is_not_linked(
    user: Any, secret: str, django_user_model: Any
) -> None:
    """Another user logs in by a password in the same browser, by another page."""
    django_user_model.objects.create_user("bob", password="pw")
    here = arrive()
    here.visit("/login/")
    here.submit(username="bob", password="pw")
    assert (here.who(), ProviderLink.objects.exists()) == ("bob", False)


def test_code_by_mail(user: Any, provider: Any, settings: Any) -> None:
    """A code by mail is required after any login."""
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    here = arrive()
    assert (here.who(), ProviderLink.objects.exists()) == ("", False)
    here.submit(code=mailed_code())
    check_link(provider, here)


@pytest.mark.parametrize("ask", [False, True])
def test_verification_of_the_address(user: Any, provider: Any, settings: Any, ask: bool) -> None:
    """A code by mail proves the address, which the provider has not."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    SocialAccount.objects.create(user=user, provider="local", uid="1")
    EmailAddress.objects.update(verified=False)
    if ask:
        settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
        Client().force_login(user)
    here = arrive()
    assert (here.who(), ProviderLink.objects.exists()) == ("", False)
    here.submit(code=mailed_code())
    if ask:
        here.post(CHOOSE, {"all": "1"})
    check_link(provider, here)


def test_verification_of_the_address_by_a_link(user: Any, provider: Any, settings: Any) -> None:
    """The same by the link of a mail, which the user opens in the browser of the login."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    SocialAccount.objects.create(user=user, provider="local", uid="1")
    EmailAddress.objects.update(verified=False)
    here = arrive()
    (url,) = re.findall(r"http://testserver/allauth/confirm-email/\S+", mail.outbox[-1].body)
    here.visit(url)
    here.submit("confirm-email")
    check_link(provider, here)


def test_signup_form(provider: Any, settings: Any, db: None) -> None:
    """The user is made by a form between."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    here = arrive()
    assert here.url == "http://testserver/allauth/3rdparty/signup/"
    here.submit(username="ann", email="ann@example.com")
    check_link(provider, here)


def test_connect_is_no_login(user: Any, provider: Any) -> None:
    """A user who was logged in by a password stays logged in without the provider."""
    here = Visitor()
    here.visit("/allauth/login/")
    here.submit(login="ann", password="pw")
    arrive("connect", here)
    assert SocialAccount.objects.get().user == user
    assert (here.who(), ProviderLink.objects.exists()) == ("ann", False)


class TestHeadless:
    """By allauth's API for browsers and apps."""

    def call(self, visitor: Visitor, path: str, data: Any) -> Any:
        """Call the API as a script does."""
        client = visitor.client()
        client.get(f"{API}/config")
        token = {"X-CSRFToken": client.cookies["csrftoken"].value}
        kind = "application/json"
        return client.post(f"{API}/{path}", json.dumps(data), content_type=kind, headers=token)

    def arrive(self) -> Visitor:
        """Return a visitor who has come back from the provider."""
        here = Visitor()
        here.client().get(f"{API}/config")
        given = {"provider": "local", "callback_url": "http://testserver/", "process": "login"}
        here.post(f"{API}/auth/provider/redirect", given)
        here.submit(button="in")
        return here

    def test_login(self, user: Any, provider: Any) -> None:
        """In one step."""
        check_link(provider, self.arrive())

    def test_second_factor(self, user: Any, provider: Any, secret: str) -> None:
        """By a call of the script."""
        here = self.arrive()
        assert (here.who(), ProviderLink.objects.exists()) == ("", False)
        assert self.call(here, "auth/2fa/authenticate", {"code": totp(secret)}).status_code == 200
        check_link(provider, here)

    def test_second_factor_beyond_max_sessions(
        self, user: Any, provider: Any, secret: str, settings: Any
    ) -> None:
        """The script is answered where the user chooses."""
        settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
        Client().force_login(user)
        here = self.arrive()
        assert self.call(here, "auth/2fa/authenticate", {"code": totp(secret)}).url == CHOOSE
        here.post(CHOOSE, {"all": "1"})
        check_link(provider, here)

    def test_login_that_is_given_up_is_not_linked(
        self, user: Any, secret: str, settings: Any, django_user_model: Any
    ) -> None:
        """Another user logs in by a password, and has to choose which sessions end."""
        settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
        Client().force_login(django_user_model.objects.create_user("bob", password="pw"))
        here = self.arrive()
        answer = self.call(here, "auth/login", {"username": "bob", "password": "pw"})
        assert answer.url == CHOOSE
        here.post(CHOOSE, {"all": "1"})
        assert (here.who(), ProviderLink.objects.exists()) == ("bob", False)

    def test_signup_form(self, provider: Any, settings: Any, db: None) -> None:
        """The user is made by a call."""
        settings.SOCIALACCOUNT_AUTO_SIGNUP = False
        here = self.arrive()
        given = {"username": "ann", "email": "ann@example.com"}
        assert self.call(here, "auth/provider/signup", given).status_code == 200
        check_link(provider, here)

    @pytest.mark.parametrize("factor", [False, True])
    def test_token(self, user: Any, provider: Any, request: Any, factor: bool) -> None:
        """The app has logged in at the provider by itself, and sends the ID token."""
        secret = request.getfixturevalue("secret") if factor else ""
        provider.codes["app"] = {}
        issued = provider.issue("app")
        given = {name: issued[name] for name in ("id_token", "access_token")}
        token = {"client_id": CLIENT["client_id"], **given}
        here = Visitor()
        answer = self.call(
            here, "auth/provider/token", {"provider": "local", "process": "login", "token": token}
        )
        if factor:
            assert answer.status_code == 401
            self.call(here, "auth/2fa/authenticate", {"code": totp(secret)})
        link = ProviderLink.objects.get()
        assert (link.subject, link.sid, here.who()) == ("1", provider.sids[-1], "ann")
