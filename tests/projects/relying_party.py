"""What every library that logs users in at a provider has to do with ``django_logout.federation``."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import include, path

from django_logout.federation import metadata
from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from tests.pending_logins import CHOOSE
from tests.projects.provider import CLIENT
from tests.projects.visitor import Visitor

urlpatterns = [path("", include("django_logout.federation.urls"))]


def configure(provider: Any, settings: Any) -> None:
    """Configure the provider, whose port is known only now."""
    metadata._remembered.cache_clear()
    one = {"ISSUER": provider.url, "CLIENT_ID": CLIENT["client_id"], "ALLOW_PRIVATE": True}
    back = {"POST_LOGOUT_REDIRECT_URI": "http://testserver/signed-out/", "TITLE": "Local"}
    settings.LOGOUT = {"PROVIDERS": {"op": {**one, **back}}}


class RelyingParty:
    """Mixin in front of ``Journeys``: the provider reports logouts, and is left with a logout here."""

    log_in: Any

    @pytest.fixture(autouse=True)
    def _known(self, provider: Any, settings: Any) -> None:
        configure(provider, settings)

    def _report(self, provider: Any, **meant: str) -> int:
        body = urlencode({"logout_token": provider.logout_token(**meant)})
        kind = "application/x-www-form-urlencoded"
        return Client().post("/backchannel/", body, content_type=kind).status_code

    def test_provider_ends_one_session_of_two(self, user: Any, provider: Any) -> None:
        """By its own name for the session."""
        one, two = Visitor(), Visitor()
        self.log_in(one)
        self.log_in(two)
        assert (one.who(), two.who()) == ("ann", "ann")
        assert self._report(provider, sid=provider.sids[-2]) == 200
        assert (one.who(), two.who()) == ("", "ann")

    def test_provider_ends_all_sessions(self, user: Any, provider: Any) -> None:
        """By its name for the user."""
        one, two = Visitor(), Visitor()
        self.log_in(one)
        self.log_in(two)
        assert self._report(provider, sub="1") == 200
        assert (one.who(), two.who()) == ("", "")

    def test_login_in_place_of_the_own_is_linked(self, user: Any, provider: Any) -> None:
        """The same user logs in once more in the same browser."""
        here = Visitor()
        self.log_in(here)
        self.log_in(here)
        assert here.who() == "ann"
        assert self._report(provider, sid=provider.sids[-1]) == 200
        assert here.who() == ""

    @pytest.mark.parametrize("by", ["refresh_token", "userinfo"])
    def test_tokens_are_kept_to_ask_the_provider(
        self, user: Any, provider: Any, settings: Any, by: str
    ) -> None:
        """Those of the login, if they are needed."""
        one = {**settings.LOGOUT["PROVIDERS"]["op"], "RECHECK": 600, "RECHECK_BY": by}
        settings.LOGOUT = {"PROVIDERS": {"op": one}}
        self.log_in(Visitor())
        kept = unseal(ProviderLink.objects.get().recheck_token)
        assert kept.startswith("refresh ") is (by == "refresh_token")
        assert kept.removeprefix("refresh ") in provider.tokens

    def test_login_that_waits_is_linked(self, user: Any, provider: Any, settings: Any) -> None:
        """Once its user has chosen which sessions end."""
        settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
        one, two = Visitor(), Visitor()
        self.log_in(one)
        with suppress(AssertionError):  # It does not lead to the home page.
            self.log_in(two)
        assert two.url == f"http://testserver{CHOOSE}"
        two.post(CHOOSE, {"all": "1"})
        assert (one.who(), two.who()) == ("", "ann")
        assert self._report(provider, sid=provider.sids[-1]) == 200
        assert two.who() == ""

    def test_logout_here_leads_to_the_provider_and_back(self, user: Any, provider: Any) -> None:
        """The next login there asks again."""
        here = Visitor()
        self.log_in(here)
        here.post("/accounts/logout/")
        assert here.url.startswith("http://testserver/")
        assert here.who() == ""
        assert "here" not in here.client(provider.url.removeprefix("http://")).cookies
