"""Apps with credentials that no revoker covers are reported, and no others."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Warning
from django.test import override_settings

from django_logout import revokers
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
    given = {"REVOKERS": [f"{__name__}.VoucherRevoker"]}
    assert found(INSTALLED_APPS=SHOP, LOGOUT=given) == {}
    assert (
        found(INSTALLED_APPS=SHOP, LOGOUT={"EXEMPT_CREDENTIALS": ["tests.operations.checks.shop"]})
        == {}
    )
    given = {"REVOKERS": [f"{__name__}.TableRevoker"]}
    (message,) = found(INSTALLED_APPS=SHOP, LOGOUT=given).values()
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


def test_models_that_let_no_one_in_are_not_reported() -> None:
    """One by one, by their labels; another model of the app still is."""
    labels = ["shop.Voucher", "shop.partnerapikey"]
    (message,) = found(INSTALLED_APPS=SHOP, LOGOUT={"NOT_CREDENTIALS": labels[:1]}).values()
    assert "(PartnerApiKey)" in message.msg
    assert 'LOGOUT = {"NOT_CREDENTIALS": ["shop.PartnerApiKey"]}' in message.hint
    assert found(INSTALLED_APPS=SHOP, LOGOUT={"NOT_CREDENTIALS": labels}) == {}


def test_revoker_of_an_app_that_has_dropped_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The check and the log at the start say so, and the app is reported once."""
    app = "tests.operations.checks.shop"
    monkeypatch.setitem(revokers.BY_APP, app, "no.such.Revoker")
    revokers.paths.cache_clear()
    (message,) = found(INSTALLED_APPS=SHOP).values()
    assert message.id == "django_logout.E067"
    assert "ModuleNotFoundError: No module named 'no'" in message.msg
    with override_settings(INSTALLED_APPS=SHOP):
        revokers.connect_receivers()
    assert "Revoker no.such.Revoker cannot be used: ModuleNotFoundError" in caplog.text
    monkeypatch.undo()
    revokers.paths.cache_clear()
