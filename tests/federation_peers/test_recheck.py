"""A provider that never tells, oidc-provider 9, is asked with the refresh token of each library that keeps one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from django_logout.federation import recheck
from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from tests.federation_peers.conftest import NEVER_TOLD, Site, configure, use_pyoidc


def later() -> None:
    """Let ten minutes pass."""
    past, names = timedelta(minutes=10, seconds=1), ("linked_at", "checked_at", "asked_at")
    ProviderLink.objects.update(**{name: F(name) - past for name in names})
    recheck._good_until.cache_clear()


def test_login_that_has_ended_there(site: Site, settings: Any) -> None:
    """It is served while the provider gives out new tokens, and ends with the session there."""
    if site.log_in_with is use_pyoidc:
        pytest.skip("Its hooks get no refresh token.")
    configure(settings, site.url, site.provider, NEVER_TOLD)
    one = {**settings.LOGOUT["PROVIDERS"]["op"], "RECHECK": 600, "RECHECK_FAILS": "closed"}
    secret = {"CLIENT_SECRET": settings.OIDC_RP_CLIENT_SECRET, "CLIENT_AUTH": "post"}
    settings.LOGOUT = {"PROVIDERS": {"op": {**one, **secret}}}
    here, there = site.arrive(), site.arrive()
    thief = here.copy()
    first = [unseal(link.recheck_token) for link in ProviderLink.objects.order_by("pk")]
    assert all(first)
    later()
    assert (here.who(), there.who()) == ("ann", "ann")
    assert ProviderLink.objects.filter(checked_at=None).count() == 0
    site.log_out_at_provider(here)
    assert (here.who(), thief.who()) == ("ann", "ann")  # It has told no one.
    later()
    assert (here.who(), thief.who(), there.who()) == ("", "", "ann")
    assert site.endings() == [("provider_login_ended", 1)]
