"""Apps with credentials that no revoker covers are reported, and no others."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Warning

from django_logout.revokers.rows import ModelRevoker
from tests.operations.checks.test_checks import found
from tests.revokers.pickup_codes import FailsCheck
from tests.settings import INSTALLED_APPS

SHOP = [*INSTALLED_APPS, "tests.operations.checks.shop"]


class VoucherRevoker(ModelRevoker):
    """A revoker that names the app."""

    name = "voucher"
    apps = ("tests.operations.checks.shop",)

    def describe(self, row: Any) -> Any:
        raise NotImplementedError


class TableRevoker(VoucherRevoker):
    """A revoker that names one model only."""

    apps = ()

    @property
    def model(self) -> Any:  # type: ignore[override]
        from tests.operations.checks.shop.models import Voucher

        return Voucher


def test_app_is_reported_for_its_models() -> None:
    """A credential points to a user, and has an indexed token or key.

    Preferences and user models do not count.
    """
    (message,) = found(INSTALLED_APPS=SHOP).values()
    assert message.msg == (
        'No logout revokes the credentials of "tests.operations.checks.shop" (Voucher, PartnerApiKey): '
        "they are accepted afterwards."
    )
    assert 'apps = ("tests.operations.checks.shop",)' in message.hint


def test_covered_or_exempt_app_is_not_reported() -> None:
    """A revoker covers the app, or a model of it; or the setting exempts it."""
    revokers = {"REVOKERS": [f"{__name__}.VoucherRevoker"]}
    assert found(INSTALLED_APPS=SHOP, LOGOUT=revokers) == {}
    assert (
        found(INSTALLED_APPS=SHOP, LOGOUT={"EXEMPT_CREDENTIALS": ["tests.operations.checks.shop"]})
        == {}
    )
    revokers = {"REVOKERS": [f"{__name__}.TableRevoker"]}
    (message,) = found(INSTALLED_APPS=SHOP, LOGOUT=revokers).values()
    assert "(PartnerApiKey)" in message.msg


def test_known_app_is_reported_without_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its credentials may not point to a user, or may not be in models at all."""
    (tmp_path / "durin").mkdir()
    (tmp_path / "durin" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    (message,) = found(INSTALLED_APPS=[*INSTALLED_APPS, "durin"]).values()
    assert message.msg.startswith('No logout revokes the credentials of "durin": ')


def test_exempt_credentials_of_the_wrong_type_are_reported_once() -> None:
    """The check of the settings reports it."""
    assert list(found(LOGOUT={"EXEMPT_CREDENTIALS": 5})) == ["E032"]


def test_revokers_have_checks_of_their_own() -> None:
    """Their messages are among those of our checks."""
    path = f"{FailsCheck.__module__}.{FailsCheck.__qualname__}"
    assert list(found(LOGOUT={"REVOKERS": [path]}).values()) == [
        Warning("The pickup desk is closed.")
    ]
