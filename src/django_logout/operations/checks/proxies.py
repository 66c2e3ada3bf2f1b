"""Are the trusted proxies addresses?"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags

from django_logout.conf import logout_settings
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.setting_types import matches
from django_logout.sessions.devices import SOCKET, as_network


@register(Tags.security)
def check_proxies(**kwargs: Any) -> list[CheckMessage]:
    """``TRUSTED_PROXIES`` names addresses and networks, not hosts."""
    given = logout_settings().TRUSTED_PROXIES
    wrong = [
        proxy
        for proxy in (given if matches(given, tuple[str, ...]) else ())
        if proxy != SOCKET and as_network(proxy) is None
    ]
    return [_no_network(proxy) for proxy in wrong]


def _no_network(proxy: str) -> CheckMessage:
    sentence = f'LOGOUT["TRUSTED_PROXIES"] names "{proxy}", which is no address, and is ignored.'
    hint = f'Write an address or a network, as in "10.0.0.0/8"; "{SOCKET}" stands for a socket.'
    return Error(sentence, hint=hint, id="django_logout.E040")
