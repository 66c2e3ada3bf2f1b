"""Who is calling: the client's address, and a readable name of its device."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from django_logout.conf import logout_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Bits of an address that are kept when it is stored truncated: a network, not a household.
KEPT_BITS = {4: 24, 6: 48}

#: What stands in ``TRUSTED_PROXIES`` for a proxy on the same machine that is spoken to through a
#: socket in the file system, and so has no address.
SOCKET = "unix"

#: Without ``ua-parser``: the first that is found. Browsers name others whom they resemble, so
#: the order is from the particular to the general.
BROWSERS = (
    ("Edge", r"\bEdgA?(?:iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:HeadlessChrome|Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bSafari/"),
    ("Internet Explorer", r"\b(?:Trident/|MSIE )"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMacintosh\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)

#: Between the two in a row, which all languages share.
ON = " on "

#: What ``ua-parser`` calls otherwise.
OTHER_NAMES = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}


def client_ip(request: HttpRequest) -> str | None:
    """The client's address, believing ``X-Forwarded-For`` only as far as ``TRUSTED_PROXIES``
    reach: from the right, the first address that is not one of them."""
    trusted = logout_settings().TRUSTED_PROXIES
    networks = [network for proxy in trusted if (network := as_network(proxy))]
    hops = [hop for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if peer := request.META.get("REMOTE_ADDR"):
        hops.append(peer)
    elif SOCKET not in trusted:
        return None
    found = None
    for hop in reversed(hops):
        address = _address(hop.strip())
        if address is None:
            break  # what lies further left was told by somebody who makes things up
        found = address
        if not any(found in network for network in networks):
            break
    return None if found is None else str(found)


@lru_cache(maxsize=64)
def as_network(proxy: str) -> IPv4Network | IPv6Network | None:
    """An entry of ``TRUSTED_PROXIES``; ``None`` if it is no address and no network."""
    try:
        network = ip_network(proxy, strict=False)
    except ValueError:
        return None
    # As the addresses that are looked for in it.
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return ip_network(f"{mapped}/{network.prefixlen - 96}") if mapped else network


def _address(hop: str) -> IPv4Address | IPv6Address | None:
    """The address in ``192.0.2.1``, ``192.0.2.1:443``, ``2001:db8::1``, ``[2001:db8::1]:443``,
    ``fe80::1%eth0`` and ``::ffff:192.0.2.1``; ``None`` in anything else."""
    if found := re.fullmatch(r"\[(.+)\](?::\d+)?|([\d.]+):\d+", hop):
        hop = found[1] or found[2]
    try:
        address = ip_address(hop.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def stored_ip(request: HttpRequest | None) -> str | None:
    """The address as ``IP_STORAGE`` wants it kept: ``full``, ``truncated`` or ``none``."""
    storage = logout_settings().IP_STORAGE
    address = None if request is None or storage == "none" else client_ip(request)
    return address if storage == "full" else network(address)


def network(address: str | None) -> str | None:
    """The network of an address, as it is stored truncated."""
    if address is None:
        return None
    bits = KEPT_BITS[ip_address(address).version]
    return str(ip_network(f"{address}/{bits}", strict=False).network_address)


def facts(request: HttpRequest | None) -> dict[str, Any]:
    """What a row tells of the device: address, user agent, name."""
    agent = user_agent(request)
    return {
        "ip_address": stored_ip(request),
        "user_agent": agent,
        "device": _neutral(agent)[:100],
    }


def user_agent(request: HttpRequest | None) -> str:
    """What the client calls itself, cut to what a row holds, without what a text should not hold
    (and PostgreSQL does not: NUL)."""
    agent = "" if request is None else request.headers.get("User-Agent", "")
    agent = agent[:300]
    return agent if agent.isprintable() else "".join(filter(str.isprintable, agent))


def device_name(agent: str) -> str:
    """ "Firefox on Windows", in the language of whoever looks; ``""`` when nothing is known."""
    return spoken(_neutral(agent))


def spoken(device: str) -> str:
    """A device as a row holds it, in the language of whoever looks."""
    browser, on, system = device.partition(ON)
    if not on:
        return device
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}


def _neutral(agent: str) -> str:
    return ON.join(filter(None, _parsed(agent) if _library() else _guessed(agent)))


@lru_cache(maxsize=1)
def _library() -> bool:
    # Versions before 1.0, which others pin, have no such function.
    return find_spec("ua_parser") is not None and hasattr(import_module("ua_parser"), "parse")


def _parsed(agent: str) -> tuple[str, str]:
    found = import_module("ua_parser").parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if system == "iOS" and found.device and found.device.family in {"iPhone", "iPad"}:
        system = found.device.family
    # That it is the one for phones is told by the other half.
    browser = re.sub(r"\b(?:Mobile|iOS|WebView)\b", "", browser)
    return " ".join(browser.split()), OTHER_NAMES.get(system, system)


def _guessed(agent: str) -> tuple[str, str]:
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    # A program by its own name, which is to be no text of a stranger's: a host, say, in a mail.
    if not browser and (product := re.match(r"(?!Mozilla)[A-Za-z][\w-]{0,30}(?=/)", agent)):
        browser = product[0]
    return browser, system


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")
