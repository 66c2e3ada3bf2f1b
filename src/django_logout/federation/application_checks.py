"""Checks for ``LOGOUT["CLIENTS"]`` and what goes with it. Those of ``--deploy`` read the rows."""

import ipaddress
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import django.db
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ValidationError

from django_logout.conf import logout_settings
from django_logout.federation import applications, libraries
from django_logout.operations.checks.setting_types import matches


def security_checks(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks that need only the settings."""
    given = logout_settings().CLIENTS
    networks = logout_settings().CLIENT_NETWORKS
    if not matches(given, Mapping[str, Mapping[str, Any]]) or not matches(
        networks, tuple[str, ...]
    ):
        return []  # django_logout.E032 reports it.
    found = [*_check_networks(networks)]
    if found:
        return found
    for client_id, keys in given.items():
        found += _check_client(client_id, keys)
    return [*found, *_check_connected(list(given))]


def deploy_checks(**kwargs: Any) -> list[CheckMessage]:
    """Name the applications that are registered by rows, and learn of nothing."""
    try:
        rows = applications.active_rows()
        client_ids = list(rows.values_list("client_id", flat=True))
        known = libraries.find_applications([*client_ids, *applications.configured()])
    except django.db.Error:
        return []  # There are no tables yet.
    named = [*client_ids, *applications.configured()] if libraries.connected() else []
    return [
        *_check_connected(client_ids),
        *(_no_application(client_id) for client_id in named if client_id not in known),
    ]


def _no_application(client_id: str) -> CheckMessage:
    return Warning(
        f"{client_id!r} is to hear of logouts, and is no application of this site.",
        hint="Remove it, or write the client ID of an application.",
        id="django_logout.W123",
    )


def _check_networks(networks: tuple[str, ...]) -> Iterator[CheckMessage]:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            yield Error(
                f'LOGOUT["CLIENT_NETWORKS"] names {network!r}, which is no network: {error}.',
                hint='Write a network such as "10.0.0.0/8".',
                id="django_logout.E120",
            )


def _check_client(client_id: str, keys: Mapping[str, Any]) -> Iterator[CheckMessage]:
    where = f'LOGOUT["CLIENTS"]["{client_id}"]'
    for key, value in keys.items():
        if key not in applications.KEYS:
            close = get_close_matches(key.upper(), applications.KEYS)
            yield Error(
                f'{where} has the unknown key "{key}".',
                hint=f'Did you mean "{close[0]}"?'
                if close
                else f"There are {', '.join(sorted(applications.KEYS))}.",
                id="django_logout.E121",
            )
        elif not isinstance(value, applications.KEYS[key]):
            yield Error(
                f'{where}["{key}"] is {value!r}, which is no {applications.KEYS[key].__name__}.',
                hint='Write a URL as text, and True or False for "SESSION_REQUIRED".',
                id="django_logout.E125",
            )
    uri = keys.get("BACKCHANNEL_LOGOUT_URI", "")
    try:
        applications.validate_logout_uri(uri if isinstance(uri, str) else "")
    except ValidationError as error:
        yield Error(
            f'{where}["BACKCHANNEL_LOGOUT_URI"] is {uri!r}. {" ".join(error.messages)}',
            hint="Write an HTTPS URL of the application; for one in a network that you trust, add "
            'that network to LOGOUT["CLIENT_NETWORKS"].',
            id="django_logout.E122",
        )


def _check_connected(client_ids: list[str]) -> Iterator[CheckMessage]:
    """Name applications that are to be told, where no login is recorded."""
    if client_ids and not libraries.connected():
        hints = [library.hint for library in libraries.installed()]
        yield Warning(
            f"No logout reaches {', '.join(sorted(client_ids))}: no login of an application is "
            "recorded.",
            hint=f"Write {' or '.join(hints)}."
            if hints
            else "Install django-oauth-toolkit or allauth.idp, by which this site is a provider.",
            id="django_logout.W124",
        )
