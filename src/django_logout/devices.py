"""Who is calling: the client's address, and a readable name of its device."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from django_logout.conf import logout_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Bits of an address that are kept when it is stored truncated: a network, not a household.
KEPT_BITS = {4: 24, 6: 48}

#: Without ``ua-parser``: the first that is found. Browsers name others whom they resemble, so
#: the order is from the particular to the general.
BROWSERS = (
    ("Edge", r"\bEdgA?(?:iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bSafari/"),
    ("curl", r"^curl/"),
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


def client_ip(request: HttpRequest) -> str | None:
    """The client's address, believing ``X-Forwarded-For`` only as far as ``TRUSTED_PROXIES``
    reach: from the right, the first address that is not one of them."""
    networks = [ip_network(proxy, strict=False) for proxy in logout_settings().TRUSTED_PROXIES]
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = [*(hop.strip() for hop in forwarded.split(",") if hop.strip())]
    found = None
    for hop in reversed([*hops, request.META.get("REMOTE_ADDR") or ""]):
        try:
            address = ip_address(hop.strip("[]").partition("%")[0])
        except ValueError:
            break  # what lies further left was told by somebody who makes things up
        found = getattr(address, "ipv4_mapped", None) or address
        if not any(found in network for network in networks):
            break
    return None if found is None else str(found)


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


def facts(request: HttpRequest) -> dict[str, Any]:
    """What a row tells of the device: address, user agent, name."""
    agent = user_agent(request)
    return {
        "ip_address": stored_ip(request),
        "user_agent": agent,
        "device": device_name(agent)[:100],
    }


def user_agent(request: HttpRequest | None) -> str:
    """What the client calls itself, cut to what a row holds."""
    return "" if request is None else request.headers.get("User-Agent", "")[:300]


def device_name(agent: str) -> str:
    """ "Firefox on Windows"; ``""`` when nothing is known."""
    browser, system = (
        _parsed(agent) if _library() else (_first(BROWSERS, agent), _first(SYSTEMS, agent))
    )
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system


@lru_cache(maxsize=1)
def _library() -> bool:
    return find_spec("ua_parser") is not None


def _parsed(agent: str) -> tuple[str, str]:
    found = import_module("ua_parser").parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    return browser, {"Mac OS X": "macOS", "iOS": "iOS"}.get(system, system)


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")
