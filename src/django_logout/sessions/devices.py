"""The client's address, and a readable name of its device."""

import re
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.http import HttpRequest

from django_logout.conf import logout_settings
from django_logout.labels import ON, device_label

#: The bits of an address that are stored if it is truncated: a network, not a household.
KEPT_BITS = {4: 24, 6: 48}

#: The entry of ``TRUSTED_PROXIES`` for a proxy on the same machine that connects through a socket
#: in the file system, and so has no address.
SOCKET = "unix"

#: Used without ``ua-parser``: the first match counts. A browser names others that it resembles, so
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

#: Kinds of devices, by their user agent, or by their name if that is all that is known: the first
#: match counts. A tablet with Android is known by what it does not say.
KINDS = (
    ("tablet", r"\biPad\b|\bTablet\b|\bAndroid\b(?!.*\bMobile\b)"),
    ("phone", r"\biPhone\b|\bAndroid\b|\bMobile\b"),
    ("computer", r"\b(?:Windows|Macintosh|macOS|CrOS|ChromeOS|Linux|X11)\b"),
    ("app", r"^(?!Mozilla)[A-Za-z]"),
)

#: Systems that ``ua-parser`` names differently.
OTHER_NAMES = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}


def client_ip(request: HttpRequest) -> str | None:
    """Return the client's address.

    ``X-Forwarded-For`` is trusted as far as ``TRUSTED_PROXIES`` reach: the result is the first
    address from the right that is not one of them.
    """
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
            break  # an attacker may have written everything further left
        found = address
        if not any(found in network for network in networks):
            break
    return None if found is None else str(found)


@lru_cache(maxsize=64)
def as_network(proxy: str) -> IPv4Network | IPv6Network | None:
    """Return the network of an entry of ``TRUSTED_PROXIES``; ``None`` if it is not valid."""
    try:
        network = ip_network(proxy, strict=False)
    except ValueError:
        return None
    # IPv4 in IPv6 becomes IPv4, as the addresses do that are compared with it.
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return ip_network(f"{mapped}/{network.prefixlen - 96}") if mapped else network


def _address(hop: str) -> IPv4Address | IPv6Address | None:
    """Parse ``192.0.2.1``, ``192.0.2.1:443``, ``2001:db8::1``, ``[2001:db8::1]:443``,
    ``fe80::1%eth0`` and ``::ffff:192.0.2.1``; return ``None`` for anything else."""
    if found := re.fullmatch(r"\[(.+)\](?::\d+)?|([\d.]+):\d+", hop):
        hop = found[1] or found[2]
    try:
        address = ip_address(hop.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def stored_ip(request: HttpRequest | None) -> str | None:
    """Return the client's address as ``IP_STORAGE`` says: ``full``, ``truncated`` or ``none``."""
    storage = logout_settings().IP_STORAGE
    address = None if request is None or storage == "none" else client_ip(request)
    return address if storage == "full" else network(address)


def network(address: str | None) -> str | None:
    """Return the network of an address, which is what is stored of it if it is truncated."""
    if address is None:
        return None
    bits = KEPT_BITS[ip_address(address).version]
    return str(ip_network(f"{address}/{bits}", strict=False).network_address)


def shown_address(address: str | None) -> str:
    """Return an address of a row as people read it; ``""`` if none is stored.

    Of a truncated address it returns the network, such as ``203.0.113.x`` or ``2001:db8:1:x``: the
    address that is stored belongs to no client.
    """
    if address is None or address != network(address):
        return address or ""
    kept = 3  # /24 is three numbers of IPv4, /48 three groups of IPv6
    found = ip_address(address)
    parts = found.exploded.split("." if found.version == 4 else ":")[:kept]
    if found.version == 4:
        return ".".join([*parts, "x"])
    return ":".join([*(part.lstrip("0") or "0" for part in parts), "x"])


def facts(request: HttpRequest | None) -> dict[str, Any]:
    """Return the fields of a session's row about the device: address, user agent and name."""
    found = client_facts(request)
    return {**found, "device": _neutral(found["user_agent"])[:100]}


def client_facts(request: HttpRequest | None) -> dict[str, Any]:
    """Return the fields of an event about the client: address and user agent."""
    return {"ip_address": stored_ip(request), "user_agent": user_agent(request)}


def user_agent(request: HttpRequest | None) -> str:
    """Return the user agent, cut to the length of a row's field, without unprintable characters.

    PostgreSQL refuses one of them, NUL.
    """
    agent = "" if request is None else request.headers.get("User-Agent", "")
    agent = agent[:300]
    return agent if agent.isprintable() else "".join(filter(str.isprintable, agent))


def device_name(agent: str) -> str:
    """Return "Firefox on Windows" in the current language; ``""`` if nothing is known."""
    return device_label(_neutral(agent))


def device_kind(agent: str) -> str:
    """Return ``"phone"``, ``"tablet"``, ``"computer"``, ``"app"`` (a program), or ``"device"`` if
    the kind is unknown."""
    return _first(KINDS, agent) or "device"


def _neutral(agent: str) -> str:
    return ON.join(filter(None, _parsed(agent) if _library() else _guessed(agent)))


@lru_cache(maxsize=1)
def _library() -> bool:
    # Versions before 1.0, which other packages pin, have no parse().
    return find_spec("ua_parser") is not None and hasattr(import_module("ua_parser"), "parse")


def _parsed(agent: str) -> tuple[str, str]:
    found = import_module("ua_parser").parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if system == "iOS" and found.device and found.device.family in {"iPhone", "iPad"}:
        system = found.device.family
    # The system says already that it is the browser for phones.
    browser = re.sub(r"\b(?:Mobile|iOS|WebView)\b", "", browser)
    return " ".join(browser.split()), OTHER_NAMES.get(system, system)


def _guessed(agent: str) -> tuple[str, str]:
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    # A program by its own name, but only a word: an attacker must not put a host into our mails.
    if not browser and (product := re.match(r"(?!Mozilla)[A-Za-z][\w-]{0,30}(?=/)", agent)):
        browser = product[0]
    return browser, system


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")
