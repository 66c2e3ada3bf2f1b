"""What people do with allauth and django-otp. Run by ``tests/policies/test_factor_changes.py``, with settings in
which these apps are installed."""

from base64 import b32decode
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpRequest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies import factor_changes
from tests.choosing import CHOOSE
from tests.databases.router import lag

# allauth sends its signals after the commit.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(user: Any) -> Client:
    """The browser she makes the change in; she is signed in elsewhere, too."""
    for address, primary in (("ann@example.org", True), ("new@example.org", False)):
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=primary)
    user.email = "ann@example.org"
    user.save()
    Client().force_login(user)
    browser = Client()
    browser.post("/allauth/login/", {"login": "ann", "password": "pw"})
    browser.post("/allauth/reauthenticate/", {"password": "pw"})
    assert alive() == 2
    return browser


def alive() -> int:
    """How many sessions have not ended."""
    return LoginSession.objects.filter(ended_at=None).count()


def reasons() -> list[str]:
    """Of what has ended something."""
    return [event.reason for event in LogoutEvent.objects.all() if event.sessions]


def activate(browser: Client) -> None:
    """Turn on a second factor, as the page of allauth has it."""
    url = "/allauth/2fa/totp/activate/"
    secret = browser.get(url).context["form"].secret
    assert browser.post(url, {"code": f"{totp(b32decode(secret)):06}"}).status_code == 302


def test_allauth_second_factor_turned_on(here: Client) -> None:
    """Ends the other session, once, although recovery codes are made too; this one stays."""
    activate(here)
    assert (alive(), reasons()) == (1, ["factor_changed"])
    assert here.get("/private/").status_code == 200


def test_allauth_second_factor_turned_off(here: Client, user: Any) -> None:
    """Likewise."""
    activate(here)
    Client().force_login(user)
    assert here.post("/allauth/2fa/totp/deactivate/").status_code == 302
    assert (alive(), reasons()) == (1, ["factor_changed"] * 2)


def test_allauth_recovery_codes_made_anew(here: Client, user: Any) -> None:
    """Likewise."""
    activate(here)
    Client().force_login(user)
    assert here.post("/allauth/2fa/recovery-codes/generate/").status_code == 302
    assert (alive(), reasons()) == (1, ["factor_changed"] * 2)


def test_allauth_email_changed(here: Client) -> None:
    """Likewise."""
    here.post("/allauth/email/", {"action_primary": "", "email": "new@example.org"})
    assert EmailAddress.objects.get(primary=True).email == "new@example.org"
    assert (alive(), reasons()) == (1, ["factor_changed"])


def test_allauth_first_email_ends_nothing(here: Client, user: Any) -> None:
    """Confirmed on the phone by somebody who has just signed up on the laptop."""
    factor_changes.on_change(None, HttpRequest(), user, from_email_address=None)
    assert alive() == 2


def test_allauth_password_changed(here: Client) -> None:
    """Its own view, and no signal of its own is needed."""
    new = "zq8vhw2k"
    fields = {"oldpassword": "pw", "password1": new, "password2": new}
    assert here.post("/allauth/password/change/", fields).status_code == 302
    assert (alive(), reasons()) == (1, ["password_changed"])


def test_otp_device_confirmed_used_and_removed(user: Any) -> None:
    """It counts when it is confirmed; using it saves it too, and ends nothing."""
    device = TOTPDevice.objects.create(user=user, confirmed=False)
    Client().force_login(user)
    device.name = "phone"
    device.save()
    assert alive() == 1
    device.confirmed = True
    device.save()
    assert (alive(), reasons()) == (0, ["factor_changed"])
    Client().force_login(user)
    assert device.verify_token(totp(device.bin_key))
    device.save(update_fields=["name"])
    assert alive() == 1
    device.delete()
    assert (alive(), reasons()) == (0, ["factor_changed"] * 2)


def test_otp_device_that_a_replica_does_not_know_yet(user: Any, settings: Any) -> None:
    """It is asked where the device is written."""
    device = TOTPDevice.objects.create(user=user)
    Client().force_login(user)
    lag(settings, device)
    device.throttle_increment()
    assert alive() == 1


def test_otp_device_made_confirmed(user: Any) -> None:
    """At once, as administrators do; an unconfirmed one may go without a word."""
    Client().force_login(user)
    StaticDevice.objects.create(user=user, confirmed=False).delete()
    assert alive() == 1
    StaticDevice.objects.create(user=user)
    assert alive() == 0


def test_otp_device_of_a_deleted_user(user: Any) -> None:
    """One event, for the user."""
    StaticDevice.objects.create(user=user)
    Client().force_login(user)
    user.delete()
    assert reasons() == ["deleted"]


def test_otp_device_of_a_fixture(user: Any) -> None:
    """May be half loaded."""
    Client().force_login(user)
    StaticDevice(user=user).save_base(raw=True)
    assert alive() == 1


def waiting(code: str = "") -> Client:
    """Another browser, at the limit, after the last step of allauth's login."""
    browser = Client()
    data = {"login": "ann", "password": "pw", "next": "/private/?page=2"}
    answer = browser.post("/allauth/login/", data)
    if code:
        assert answer["Location"] == "/allauth/2fa/authenticate/"
        answer = browser.post(answer["Location"], {"code": code})
    assert answer["Location"] == CHOOSE
    assert browser.get("/private/").status_code == 302
    return browser


def test_allauth_login_beyond_the_limit(here: Client, settings: Any) -> None:
    """Waits for a choice, then leads to where it was to lead."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    browser = waiting()
    assert browser.post(CHOOSE, {"all": "on"})["Location"] == "/private/?page=2"
    assert browser.get("/private/").status_code == 200
    assert (here.get("/private/").status_code, alive()) == (302, 1)


def test_allauth_second_factor_beyond_the_limit(here: Client, settings: Any) -> None:
    """It is asked for first: without it there is nothing to choose."""
    activate(here)
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    half = Client()
    half.post("/allauth/login/", {"login": "ann", "password": "pw"})
    assert half.get(CHOOSE)["Location"] == "/login/"

    browser = waiting(here.get("/allauth/2fa/recovery-codes/").context["unused_codes"][0])
    browser.post(CHOOSE, {"all": "on"})
    assert browser.get("/private/").status_code == 200
    assert (here.get("/private/").status_code, alive()) == (302, 1)
