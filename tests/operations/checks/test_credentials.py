"""Credential apps that nothing covers: named, with what to type; and silence on all else."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Warning

from django_logout.revokers.rows import ModelRevoker
from tests.operations.checks.test_checks import found
from tests.revokers.pickups import Complains
from tests.settings import INSTALLED_APPS

SHOP = [*INSTALLED_APPS, "tests.operations.checks.shop"]


class VoucherRevoker(ModelRevoker):
    """Names the app."""

    name = "voucher"
    apps = ("tests.operations.checks.shop",)

    def describe(self, row: Any) -> Any:
        raise NotImplementedError


class TableRevoker(VoucherRevoker):
    """Names a table only."""

    apps = ()

    @property
    def model(self) -> Any:  # type: ignore[override]
        from tests.operations.checks.shop.models import Voucher

        return Voucher


def test_an_app_that_looks_like_it() -> None:
    """By its models: what a user has, and what finds it; no preferences, trainings, users."""
    (message,) = found(INSTALLED_APPS=SHOP).values()
    assert message.msg == (
        'No logout revokes the credentials of "tests.operations.checks.shop" (Voucher, PartnerApiKey): '
        "they are accepted afterwards."
    )
    assert 'apps = ("tests.operations.checks.shop",)' in message.hint


def test_a_revoker_or_a_word_is_enough() -> None:
    """Of the app, or of a table of it; or it is meant to outlive."""
    revokers = {"REVOKERS": [f"{__name__}.VoucherRevoker"]}
    assert found(INSTALLED_APPS=SHOP, LOGOUT=revokers) == {}
    assert (
        found(INSTALLED_APPS=SHOP, LOGOUT={"EXEMPT_CREDENTIALS": ["tests.operations.checks.shop"]})
        == {}
    )
    revokers = {"REVOKERS": [f"{__name__}.TableRevoker"]}
    (message,) = found(INSTALLED_APPS=SHOP, LOGOUT=revokers).values()
    assert "(PartnerApiKey)" in message.msg


def test_an_app_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its credentials are nobody's, or there are no models at all."""
    (tmp_path / "durin").mkdir()
    (tmp_path / "durin" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    (message,) = found(INSTALLED_APPS=[*INSTALLED_APPS, "durin"]).values()
    assert message.msg.startswith('No logout revokes the credentials of "durin": ')


def test_what_is_no_list_of_names_is_reported_once() -> None:
    """By the check of the settings."""
    assert list(found(LOGOUT={"EXEMPT_CREDENTIALS": 5})) == ["E032"]


def test_revokers_have_checks_of_their_own() -> None:
    """And they are heard."""
    path = f"{Complains.__module__}.{Complains.__qualname__}"
    assert list(found(LOGOUT={"REVOKERS": [path]}).values()) == [
        Warning("The pickup desk is closed.")
    ]
