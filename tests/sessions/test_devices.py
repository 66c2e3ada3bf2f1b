"""Who is calling: addresses that cannot be made up, and devices by names that people use."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from django_logout.labels import device_label
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import devices
from tests.user_agents import AGENTS

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.9", "::ffff:198.18.0.0/111"]


def request(forwarded: str = "", peer: str | None = "10.0.0.1", agent: str = "") -> HttpRequest:
    """A request that has come by a proxy."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    made = RequestFactory().get("/", headers={**headers, "User-Agent": agent})
    made.META["REMOTE_ADDR"] = peer
    return made


@pytest.mark.parametrize(
    ("forwarded", "peer", "client"),
    [
        ("", "198.51.100.7", "198.51.100.7"),
        (
            "203.0.113.5",
            "198.51.100.7",
            "198.51.100.7",
        ),  # the sender of the header is no proxy of ours
        ("203.0.113.5", "10.0.0.1", "203.0.113.5"),
        ("1.1.1.1, 203.0.113.5", "10.0.0.1", "203.0.113.5"),  # the client itself said 1.1.1.1
        ("1.1.1.1, 203.0.113.5, 10.2.3.4,192.0.2.9", "10.0.0.1", "203.0.113.5"),
        ("10.9.9.9, 203.0.113.5, 10.2.3.4", "10.0.0.1", "203.0.113.5"),
        ("10.9.9.9, 10.2.3.4", "10.0.0.1", "10.9.9.9"),
        ("203.0.113.5:4711", "10.0.0.1", "203.0.113.5"),
        ("203.0.113.5", "10.0.0.1:33", "203.0.113.5"),
        ("2001:db8::5", "2001:db8:ffff::1", "2001:db8::5"),
        ("[2001:db8::5]:443, [2001:db8:ffff::2]", "10.0.0.1", "2001:db8::5"),
        ("fe80::1%eth0", "10.0.0.1", "fe80::1"),
        ("203.0.113.5", "::ffff:10.0.0.1", "203.0.113.5"),
        ("::ffff:203.0.113.5", "10.0.0.1", "203.0.113.5"),
        ("203.0.113.5", "198.19.0.1", "203.0.113.5"),
        ("203.0.113.5", "::ffff:198.19.0.1", "203.0.113.5"),
        ("203.0.113.5", "198.20.0.1", "198.20.0.1"),
        ("203.0.113.5, unknown", "10.0.0.1", "10.0.0.1"),
        ("203.0.113.5, 10.0.0.1x, 10.0.0.2", "10.0.0.1", "10.0.0.2"),
        (", ,203.0.113.5,,", "10.0.0.1", "203.0.113.5"),
        ("999.1.1.1", "10.0.0.1", "10.0.0.1"),
        ("203.0.113.5\x00", "10.0.0.1", "10.0.0.1"),
        ("[::1", "10.0.0.1", "10.0.0.1"),
        ("", "", None),
        ("203.0.113.5", "", None),
        ("203.0.113.5", None, None),
        ("203.0.113.5", "garbage", None),
    ],
)
def test_the_client_is_the_first_that_is_no_proxy_of_ours(
    settings: Any, forwarded: str, peer: str | None, client: str | None
) -> None:
    """From the right: further left stands what anybody can make up."""
    settings.LOGOUT = {"TRUSTED_PROXIES": PROXIES}
    assert devices.client_ip(request(forwarded, peer)) == client


def test_header_is_ignored_without_trusted_proxies(settings: Any) -> None:
    """The default."""
    settings.LOGOUT = {}
    assert devices.client_ip(request("203.0.113.5", "10.0.0.1")) == "10.0.0.1"


def test_a_proxy_behind_a_socket_has_no_address(settings: Any) -> None:
    """And is trusted when that is said."""
    settings.LOGOUT = {"TRUSTED_PROXIES": ["unix", "10.0.0.0/8"]}
    assert devices.client_ip(request("1.1.1.1, 203.0.113.5, 10.0.0.3", "")) == "203.0.113.5"
    assert devices.client_ip(request("", "")) is None


def test_a_proxy_that_is_no_address_breaks_no_login(settings: Any) -> None:
    """The checks report it; it is trusted with nothing."""
    settings.LOGOUT = {"TRUSTED_PROXIES": ["proxy.lan", "10.0.0.1/99", "10.0.0.1"]}
    assert devices.client_ip(request("203.0.113.5", "10.0.0.1")) == "203.0.113.5"


@given(st.text(), st.text())
def test_no_header_makes_it_raise(forwarded: str, peer: str) -> None:
    """Whatever is sent."""
    made = request("x", peer)
    made.META["HTTP_X_FORWARDED_FOR"] = forwarded
    assert devices.client_ip(made) is None or ":" in peer or "." in peer


@pytest.mark.parametrize(
    ("storage", "peer", "stored"),
    [
        ("full", "203.0.113.77", "203.0.113.77"),
        ("truncated", "203.0.113.77", "203.0.113.0"),
        ("truncated", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("truncated", "::ffff:203.0.113.77", "203.0.113.0"),
        ("truncated", "", None),
        ("full", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
        ("none", "203.0.113.77", None),
    ],
)
def test_addresses_are_stored_as_far_as_is_wanted(
    db: None, user: Any, settings: Any, storage: str, peer: str, stored: str | None
) -> None:
    """With sessions and events alike."""
    settings.LOGOUT = {"IP_STORAGE": storage}
    client = Client(REMOTE_ADDR=peer)
    client.post("/login/", {"username": "ann", "password": "pw"})
    client.post("/accounts/logout/")

    assert LoginSession.objects.get().ip_address == stored
    assert LogoutEvent.objects.get().ip_address == stored


def test_by_default_the_network_is_stored(settings: Any) -> None:
    """Enough to tell home from abroad."""
    settings.LOGOUT = {}
    assert devices.stored_ip(request(peer="203.0.113.77")) == "203.0.113.0"
    assert devices.stored_ip(None) is None


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("203.0.113.0", "203.0.113.x"),
        ("127.0.0.0", "127.0.0.x"),
        ("2001:db8:1:2::5", "2001:db8:1:2::5"),
        ("2001:db8:1::", "2001:db8:1:x"),
        ("2001:db8::", "2001:db8:0:x"),
        (None, ""),
    ],
)
def test_a_network_is_never_shown_as_an_address(stored: str | None, shown: str) -> None:
    """Of a truncated address only the network is known; no machine has the address that is stored."""
    assert devices.shown_address(stored) == shown


@pytest.mark.parametrize(("agent", "names"), AGENTS.items(), ids=range(len(AGENTS)))
def test_devices_have_readable_names(agent: str, names: tuple[str, ...]) -> None:
    """Browser and system, as people call them."""
    pytest.importorskip("ua_parser")
    assert devices.device_name(agent) == names[0]


@pytest.mark.parametrize(("agent", "names"), AGENTS.items(), ids=range(len(AGENTS)))
def test_devices_have_readable_names_without_ua_parser(
    agent: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours are few, and do."""
    monkeypatch.setattr(devices, "_library", lambda: False)
    assert devices.device_name(agent) == names[-1]


@pytest.mark.parametrize(
    "agent", ["www.shop.example/1", f"{'a' * 32}/1", "shop.example/login Firefox"]
)
def test_what_a_stranger_writes_is_no_name(agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stand in a mail to the user, where a host becomes a link."""
    monkeypatch.setattr(devices, "_library", lambda: False)
    assert devices.device_name(agent) == ""


def test_a_ua_parser_of_another_age_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 1.0 it had no function to ask; others pin that."""
    old = ModuleType("ua_parser")
    old.__spec__ = ModuleSpec("ua_parser", None)
    monkeypatch.setitem(sys.modules, "ua_parser", old)
    devices._library.cache_clear()
    try:
        assert devices.device_name(next(iter(AGENTS))) == "Firefox on Windows"
    finally:
        devices._library.cache_clear()


def test_the_two_halves_are_joined_in_the_readers_language() -> None:
    """A row holds them in no language: who logs in and who looks need not share one."""
    firefox = next(iter(AGENTS))
    with translation.override("de"):
        stored = devices.facts(RequestFactory().get("/", headers={"user-agent": firefox}))
        assert devices.device_name(firefox) == "Firefox unter Windows"
        assert device_label("curl") == "curl"
        assert device_label("") == ""
    assert device_label(stored["device"]) == "Firefox on Windows"
    with translation.override("de"):
        assert device_label(stored["device"]) == "Firefox unter Windows"


@given(st.text(max_size=400))
def test_no_agent_makes_it_raise(agent: str) -> None:
    """Whatever is sent: a row holds it, and it has a name, if an empty one."""
    made = request()
    made.META["HTTP_USER_AGENT"] = agent
    facts = devices.facts(made)
    assert len(facts["user_agent"]) <= 300
    assert len(facts["device"]) <= 100
    assert "\x00" not in facts["user_agent"] + facts["device"]


@pytest.mark.parametrize("agent", ["", "\x00", "x/1 " * 9999, "Mozilla/5.0 (é\x00\x1b[2J) <b>"])
def test_hostile_agents_can_log_in(db: None, user: Any, agent: str) -> None:
    """And are stored without what no text should hold."""
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/login/", {"username": "ann", "password": "pw"})

    row = LoginSession.objects.get()
    assert row.user_agent == "".join(c for c in agent[:300] if c >= " ")
