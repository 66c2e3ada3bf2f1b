"""Users log in by allauth's pages, with a password, a code by mail, or a second factor, and out."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail

from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestPassword(Journeys):
    """By allauth's forms."""

    def log_in(self, visitor: Visitor) -> None:
        """By name and password."""
        visitor.visit("/allauth/login/?next=/")
        visitor.submit(login="ann", password="pw")

    def log_out(self, visitor: Visitor) -> None:
        """By the page that asks."""
        visitor.visit("/allauth/logout/")
        visitor.submit("/allauth/logout/")


class TestCode(TestPassword):
    """By a code that comes in a mail."""

    @pytest.fixture(autouse=True)
    def _address(self, user: Any) -> None:
        """Where it is sent to."""
        user.email = "ann@example.com"
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

    def log_in(self, visitor: Visitor) -> None:
        """By the code."""
        visitor.visit("/allauth/login/code/?next=/")
        visitor.submit(email="ann@example.com")
        (code,) = re.findall(r"^([A-Z0-9]{3,}-[A-Z0-9]{3,})$", mail.outbox[-1].body, re.M)
        assert visitor.who() == ""
        visitor.submit(code=code)


class TestSecondFactor(TestPassword):
    """By a password and the code of an app."""

    @pytest.fixture(autouse=True)
    def _app(self, user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        """Give the user an app, whose one code is good for all logins of a test."""
        settings.MFA_TOTP_TOLERANCE = 1
        monkeypatch.setattr(TOTP, "_mark_code_used", lambda self, code: True)
        self.secret = generate_totp_secret()
        TOTP.activate(user, self.secret)

    def log_in(self, visitor: Visitor) -> None:
        """By name, password and code."""
        super().log_in(visitor)
        assert visitor.who() == ""
        *_, counter = yield_hotp_counters_from_time()  # The next one's, or time might run out.
        visitor.submit(code=format_hotp_value(hotp_value(self.secret, counter)))
