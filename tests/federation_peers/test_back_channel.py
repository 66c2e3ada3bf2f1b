"""oidc-provider 9 and each library: logout from either side."""

import time
from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener
from uuid import uuid4

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from django_logout.federation import metadata, receive, views
from django_logout.federation.models import ProviderLink, ProviderMetadata
from django_logout.federation.tokens import Refused
from tests.federation_peers.conftest import SUBJECT_ONLY, TITLE, Sent, Site, configure
from tests.projects.visitor import StayHere
from tests.waiting import PATIENCE

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def post_token(site: Site, body: str) -> int:
    """Send a body to the site, as anybody can, and return the status."""
    request = Request(f"{site.url}/backchannel/", body.encode())
    with build_opener(ProxyHandler({}), StayHere).open(request, timeout=PATIENCE) as answer:
        assert answer.headers["Cache-Control"].count("no-store") == 1
        return int(answer.status)


def keys_asked(site: Site) -> int:
    """Return how often anybody has asked the provider for its keys."""
    return int(site.provider.tell("keys")["asked"])


def clock(seconds: int) -> time_machine.travel:
    """Set the site's clock, but not the provider's."""
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds))


def login_clock(seconds: int) -> time_machine.travel:
    """Set it for a login. Behind, some libraries refuse the ID token, as it is from the future."""
    return clock(max(seconds, 0))


def refuse(raw: str) -> None:
    """Stand for a site that is not well."""
    raise Refused("it comes at a bad time")


def cool_down() -> None:
    """Let the time pass after which the provider may be asked again."""
    metadata._remembered.cache_clear()
    long_ago = timezone.now() - metadata.COOL_DOWN - timedelta(seconds=1)
    assert ProviderMetadata.objects.update(tried_at=long_ago) == 1


def test_logout_here(site: Site) -> None:
    """RPI-1..9: it ends here, then there, and the browser comes back with the state.

    The provider tells of the session that has just ended: 200 (``…rp-backchannel-rpinitlogout``).
    """
    here, sent = site.arrive(), Sent(site)
    thief = here.copy()
    assert thief.who() == "ann"
    site.log_out(here)
    to_provider = [step.url for step in here.trail if "/session/end?" in step.url]
    asked = parse_qs(urlsplit(to_provider[0]).query)
    back = urlsplit(here.url)
    assert (back.path, parse_qs(back.query)) == ("/signed-out/", {"state": asked["state"]})
    assert TITLE in here.text
    assert (here.who(), thief.who(), site.open_sessions()) == ("", "", 0)
    assert (sent.statuses(), site.endings()) == ([200], [("user", 1)])
    assert list(ProviderLink.objects.values_list("id_token", flat=True)) == [""]
    assert site.provider_asks(here)


def test_return_without_the_state(site: Site) -> None:
    """``…rp-init-logout-other-state`` and ``…-no-state``: the page is calm, and ends no session."""
    here, there = site.arrive(), site.arrive()
    site.log_out(here)
    for query in ("?state=another", ""):
        here.visit(f"{site.url}/signed-out/{query}")
        assert here.page.status_code == 200
        there.visit(f"{site.url}/signed-out/{query}")
        assert (there.page.status_code, there.who()) == (200, "ann")


def test_user_says_no_at_the_provider(site: Site) -> None:
    """RPI-8: the session here has ended all the same, and the one there has not."""
    here = site.arrive()
    here.visit("/page/")
    here.submit("/accounts/logout/")
    here.submit("/session/end/confirm")
    # The provider sends the browser back all the same, and reports a logout: neither is a proof.
    assert here.url.startswith(site.url)
    assert b"too, unless you chose to stay logged in there." in here.page.content
    assert here.who() == ""
    assert not site.provider_asks(here)


def test_logout_at_the_provider(site: Site) -> None:
    """BCL-17: of two sessions of one user the one that is named, and no other."""
    here, there, bob = site.arrive(), site.arrive(), site.arrive("bob")
    thief, sent = here.copy(), Sent(site)
    site.log_out_at_provider(here)
    assert sent.statuses() == [200]
    assert {"sub", "sid"} <= sent.claims()[0].keys()
    here.visit(f"{site.url}/private/")
    assert f"You logged out at {TITLE}." in here.text
    assert (here.who(), thief.who(), there.who(), bob.who()) == ("", "", "ann", "bob")
    assert site.endings() == [("provider", 1)]


def test_logout_at_the_provider_of_all_sessions(site: Site, settings: Any) -> None:
    """BCL-17: without a sid, all of the subject."""
    configure(settings, site.url, site.provider, SUBJECT_ONLY)
    here, there, bob = site.arrive(), site.arrive(), site.arrive("bob")
    sent = Sent(site)
    site.log_out_at_provider(here)
    assert sent.statuses() == [200]
    assert [claims["sub"] for claims in sent.claims() if "sid" not in claims] == ["ann"]
    assert (here.who(), there.who(), bob.who()) == ("", "", "bob")
    assert site.endings() == [("provider", 2)]


def test_replay(site: Site) -> None:
    """BCL-13: the very same token is refused, and ends nothing that has begun since."""
    here, sent = site.arrive(), Sent(site)
    site.log_out_at_provider(here)
    again = site.arrive()
    assert [post_token(site, note["body"]) for note in sent.notes()] == [400]
    assert (again.who(), site.endings()) == ("ann", [("provider", 1)])


def test_login_again_over_a_living_session(site: Site) -> None:
    """The provider names the newest login, whether the library calls it a login here or not."""
    here, there = site.arrive(), site.arrive()
    here.forget(site.provider.host)
    site.log_in(here)
    assert here.who() == "ann"
    site.log_out_at_provider(here)
    assert (here.who(), there.who()) == ("", "ann")


def test_key_rotation(site: Site) -> None:
    """BCL-24: a new key is fetched once, and not before the cool-down is over."""
    first, second, third = site.arrive(), site.arrive(), site.arrive()
    sent = Sent(site)
    site.log_out_at_provider(first)
    cool_down()
    site.provider.tell("rotate")
    before = keys_asked(site)
    site.log_out_at_provider(second)
    assert (sent.statuses(), keys_asked(site) - before) == ([200, 200], 1)
    site.provider.tell("rotate")
    site.log_out_at_provider(third)
    last = sent.notes()[2]
    assert (last["status"], third.who(), keys_asked(site) - before) == (400, "ann", 1)
    assert [post_token(site, last["body"]) for _ in range(5)] == [400] * 5
    assert keys_asked(site) - before == 1
    cool_down()
    assert (post_token(site, last["body"]), third.who()) == (200, "")
    assert keys_asked(site) - before == 2


def test_forged_tokens_fetch_keys_once(site: Site) -> None:
    """BCL-24: invented key ids make the site ask the provider no more often than the cool-down allows."""
    here = site.arrive()
    before, now = keys_asked(site), int(time.time())
    link = ProviderLink.objects.get()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": link.issuer, "aud": "cars", "iat": now, "exp": now + 60, "sub": link.subject}
    for _ in range(20):
        claims |= {"jti": uuid4().hex, "events": {EVENT: {}}}
        token = jwt.encode(claims, key, "RS256", headers={"kid": uuid4().hex})
        assert post_token(site, f"logout_token={token}") == 400
    assert (here.who(), keys_asked(site) - before) == ("ann", 1)


@pytest.mark.parametrize("seconds", [-20, 20])
def test_clocks_differ(site: Site, seconds: int) -> None:
    """BCL-8: the site's clock is behind, or ahead. The one session that is named ends."""
    sent = Sent(site)
    with login_clock(seconds):
        here, there = site.arrive(), site.arrive()
    with clock(seconds):
        site.log_out_at_provider(here)
        assert sent.statuses() == [200]
        assert (here.who(), there.who(), site.endings()) == ("", "ann", [("provider", 1)])


@pytest.mark.parametrize("seconds", [-20, 20])
def test_clocks_differ_and_the_user_is_back(site: Site, settings: Any, seconds: int) -> None:
    """BCL-25: a login that is newer than a late token, by the provider's clock, outlives it. The one before does not."""
    configure(settings, site.url, site.provider, SUBJECT_ONLY)
    sent = Sent(site)
    with login_clock(seconds):
        before = site.arrive()
    with clock(seconds), mock.patch.object(receive, "receive_logout_token", refuse):
        site.log_out_at_provider(before)
    assert sent.statuses() == [400]
    time.sleep(1.1)  # The times in tokens are whole seconds.
    with login_clock(seconds):
        after = site.arrive()
    with clock(seconds):
        assert post_token(site, sent.notes()[0]["body"]) == 200
        assert (before.who(), after.who()) == ("", "ann")


@pytest.mark.parametrize("minutes", [-10, 10])
def test_clocks_differ_too_much(
    site: Site, settings: Any, minutes: int, caplog: pytest.LogCaptureFixture
) -> None:
    """BCL-8: a token from another time is refused, the log says so, and ``LEEWAY`` is the cure."""
    here, sent = site.arrive(), Sent(site)
    with clock(minutes * 60):
        views._refusals.reset()
        site.log_out_at_provider(here)
        assert (sent.statuses(), here.who(), site.endings()) == ([400], "ann", [])
        assert "are both clocks right?" in caplog.text
        provider = settings.LOGOUT["PROVIDERS"]["op"] | {"LEEWAY": timedelta(minutes=11)}
        settings.LOGOUT = {"PROVIDERS": {"op": provider}}
        assert post_token(site, sent.notes()[0]["body"]) == 200
        assert (here.who(), site.endings()) == ("", [("provider", 1)])


@pytest.mark.parametrize("answers", ["nothing", "not at all"])
def test_provider_is_down(site: Site, answers: str) -> None:
    """The user has logged out here, and is told that the provider has not heard of it."""
    here = site.arrive()
    thief = here.copy()
    here.visit("/page/")
    with site.provider.silent() if answers == "nothing" else site.provider.down():
        here.submit("/accounts/logout/")
    assert here.page.status_code == 200
    assert f"still logged in at {TITLE}" in here.text
    assert (here.who(), thief.who(), site.endings()) == ("", "", [("user", 1)])


def test_provider_is_down_whose_logout_page_is_known(site: Site) -> None:
    """An old discovery document serves while there is no newer one."""
    here = site.arrive()
    metadata.refresh(site.configured())
    days_ago = timezone.now() - timedelta(days=3)
    ProviderMetadata.objects.update(fetched_at=days_ago, tried_at=days_ago)
    metadata._remembered.cache_clear()
    here.visit("/page/")
    with site.provider.down(), pytest.raises(OSError, match="refused"):
        here.submit("/accounts/logout/")
    assert here.url.startswith(f"{site.provider.issuer}/session/end?")
    assert (here.who(), site.endings()) == ("", [("user", 1)])
