"""Changed factors, with the real views and models of allauth and django-otp."""

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
from tests.databases.router import lag
from tests.pending_logins import CHOOSE

# allauth sends its signals after the commit.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(user: Any) -> Client:
    """Return the browser in which the user changes a factor; another one is logged in too."""
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
    """Count the active sessions."""
    return LoginSession.objects.filter(ended_at=None).count()


def reasons() -> list[str]:
    """Return the reasons of the endings that ended a session."""
    return [event.reason for event in LogoutEvent.objects.all() if event.sessions]


def activate(browser: Client) -> None:
    """Turn on a second factor on allauth's page."""
    url = "/allauth/2fa/totp/activate/"
    secret = browser.get(url).context["form"].secret
    assert browser.post(url, {"code": f"{totp(b32decode(secret)):06}"}).status_code == 302


def test_allauth_second_factor_turned_on(here: Client) -> None:
    """It ends the other session, once, although recovery codes are made too. The browser's own
    session stays active."""
    activate(here)
    assert (alive(), reasons()) == (1, ["factor_changed"])
    assert here.get("/private/").status_code == 200


def test_allauth_second_factor_turned_off(here: Client, user: Any) -> None:
    """It ends the other session."""
    activate(here)
    Client().force_login(user)
    assert here.post("/allauth/2fa/totp/deactivate/").status_code == 302
    assert (alive(), reasons()) == (1, ["factor_changed"] * 2)


def test_allauth_recovery_codes_regenerated(here: Client, user: Any) -> None:
    """It ends the other session."""
    activate(here)
    Client().force_login(user)
    assert here.post("/allauth/2fa/recovery-codes/generate/").status_code == 302
    assert (alive(), reasons()) == (1, ["factor_changed"] * 2)


def test_allauth_email_changed(here: Client) -> None:
    """It ends the other session."""
    here.post("/allauth/email/", {"action_primary": "", "email": "new@example.org"})
    assert EmailAddress.objects.get(primary=True).email == "new@example.org"
    assert (alive(), reasons()) == (1, ["factor_changed"])


def test_allauth_first_email_ends_nothing(here: Client, user: Any) -> None:
    """A user who has just signed up on the laptop confirms it on the phone."""
    factor_changes.on_change(None, HttpRequest(), user, from_email_address=None)
    assert alive() == 2


def test_allauth_password_changed(here: Client) -> None:
    """By allauth's view; our own detection of passwords suffices."""
    new = "zq8vhw2k"
    fields = {"oldpassword": "pw", "password1": new, "password2": new}
    assert here.post("/allauth/password/change/", fields).status_code == 302
    assert (alive(), reasons()) == (1, ["password_changed"])


def test_otp_device_confirmed_used_and_removed(user: Any) -> None:
    """The confirmation counts. Using the device saves it too, and ends nothing."""
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


def test_otp_device_is_read_from_primary_database(user: Any, settings: Any) -> None:
    """A replica does not know the device yet."""
    device = TOTPDevice.objects.create(user=user)
    Client().force_login(user)
    lag(settings, device)
    device.throttle_increment()
    assert alive() == 1


def test_otp_device_created_confirmed(user: Any) -> None:
    """As administrators do it; an unconfirmed one can be deleted without an ending."""
    Client().force_login(user)
    StaticDevice.objects.create(user=user, confirmed=False).delete()
    assert alive() == 1
    StaticDevice.objects.create(user=user)
    assert alive() == 0


def test_otp_device_of_deleted_user(user: Any) -> None:
    """One event, for the user."""
    StaticDevice.objects.create(user=user)
    Client().force_login(user)
    user.delete()
    assert reasons() == ["deleted"]


def test_otp_device_of_fixture(user: Any) -> None:
    """It may be half loaded, so it ends nothing."""
    Client().force_login(user)
    StaticDevice(user=user).save_base(raw=True)
    assert alive() == 1


def waiting(code: str = "") -> Client:
    """Return a browser at the limit, after the last step of allauth's login."""
    browser = Client()
    data = {"login": "ann", "password": "pw", "next": "/private/?page=2"}
    answer = browser.post("/allauth/login/", data)
    if code:
        assert answer["Location"] == "/allauth/2fa/authenticate/"
        answer = browser.post(answer["Location"], {"code": code})
    assert answer["Location"] == CHOOSE
    assert browser.get("/private/").status_code == 302
    return browser


def test_allauth_login_beyond_max_sessions(here: Client, settings: Any) -> None:
    """The login waits for the user's choice, then goes to the page that was asked for."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    browser = waiting()
    assert browser.post(CHOOSE, {"all": "on"})["Location"] == "/private/?page=2"
    assert browser.get("/private/").status_code == 200
    assert (here.get("/private/").status_code, alive()) == (302, 1)


def test_allauth_second_factor_beyond_max_sessions(here: Client, settings: Any) -> None:
    """The second factor comes first; without it there is no choice."""
    activate(here)
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    half = Client()
    half.post("/allauth/login/", {"login": "ann", "password": "pw"})
    assert half.get(CHOOSE)["Location"] == "/login/"

    browser = waiting(here.get("/allauth/2fa/recovery-codes/").context["unused_codes"][0])
    browser.post(CHOOSE, {"all": "on"})
    assert browser.get("/private/").status_code == 200
    assert (here.get("/private/").status_code, alive()) == (302, 1)
