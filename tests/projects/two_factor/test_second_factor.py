"""Users log in with two factors."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A user who has had an app that makes codes since yesterday.

    A new one ends what was begun before it, and the library notes the time of the password in whole
    seconds only.
    """
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        user = django_user_model.objects.create_user("ann", password="pw")
        TOTPDevice.objects.create(user=user, name="default", confirmed=True)
    return user


def code() -> str:
    """Return the code that is valid now, though it has been used before."""
    device = TOTPDevice.objects.get()
    device.last_t = -1
    device.save()
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    return f"{totp.token():06d}"


class TestTwoFactor(Journeys):
    """By the steps of the library's page of login, and by Django's logout."""

    def log_in(self, visitor: Visitor) -> None:
        """By the password and the code."""
        visitor.visit("/vault/")
        visitor.submit(**{"auth-username": "ann", "auth-password": "pw"})
        assert visitor.who() == ""
        visitor.submit(**{"token-otp_token": code()})
        assert visitor.page.content == b"vault"

    def log_out(self, visitor: Visitor) -> None:
        """By our view, since the library has none."""
        visitor.visit("/accounts/logout/")
        visitor.submit("/accounts/logout/")

    def who(self, visitor: Visitor) -> str:
        """Return the user, provided that both pages agree."""
        verified = visitor.visit("/vault/").content == b"vault"
        assert verified == bool(visitor.who())
        return visitor.who()
