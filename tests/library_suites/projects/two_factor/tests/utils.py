"""What the tests of django-two-factor-auth take from a module that they come without."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.shortcuts import resolve_url
from django.test.utils import TestContextDecorator
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from two_factor.plugins.registry import registry
from two_factor.utils import default_device, totp_digits

NAME = "bouke@example.com"  # compared with


class UserMixin:
    """Make users, and log the first in."""

    client: Any

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()  # type: ignore[misc]
        cls.User = get_user_model()
        cls.login_url = resolve_url(settings.LOGIN_URL)

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        self.made: list[tuple[Any, str]] = []

    def create_user(self, username: str = NAME, password: str = "secret", **fields: Any) -> Any:
        return self._create(self.User.objects.create_user, username, password, fields)

    def create_superuser(
        self, username: str = NAME, password: str = "secret", **fields: Any
    ) -> Any:
        return self._create(self.User.objects.create_superuser, username, password, fields)

    def _create(self, create: Any, username: str, password: str, fields: dict[str, Any]) -> Any:
        user = create(username=username, email=username, password=password, **fields)
        self.made.append((user, password))
        return user

    def login_user(self) -> None:
        user, password = self.made[0]
        assert self.client.login(username=user.get_username(), password=password)
        if device := default_device(user):
            session = self.client.session
            session[DEVICE_ID_SESSION_KEY] = device.persistent_id
            session.save()

    def enable_otp(self, user: Any = None) -> Any:
        return (user or self.made[0][0]).totpdevice_set.create(name="default")


class method_registry(TestContextDecorator):  # noqa: N801
    """Have only some of the methods."""

    def __init__(self, method_codes: list[str]) -> None:
        self.codes = method_codes
        super().__init__()

    def enable(self) -> None:
        self.before = registry._methods
        registry._methods = [method for method in self.before if method.code in self.codes]

    def disable(self) -> None:
        registry._methods = self.before


def totp_str(key: bytes) -> str:
    return str(totp(key)).zfill(totp_digits())
