"""What the verbs understand on the command line."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentTypeError
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import fullmatch
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError, CommandParser

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_json(parser: CommandParser) -> None:
    """The option that all verbs have."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def add_dry_run(parser: CommandParser) -> None:
    """The option of verbs that change something."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")


def add_verbosity(parser: CommandParser) -> None:
    """Django's own option, understood after the verb too."""
    parser.add_argument(
        "-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS
    )


def find_user(name: str) -> Any:
    """The user who logs in with this name."""
    model = get_user_model()
    try:
        return model._default_manager.get(**{model.USERNAME_FIELD: name})
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise CommandError(f"No user has the {model.USERNAME_FIELD} {name!r}.") from None


def duration(text: str) -> timedelta:
    """``90`` (seconds), ``15m``, ``12h``, ``30d``, ``2w``; for argparse."""
    match = fullmatch(r"(\d{1,9})([smhdw]?)", text.strip().lower())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no duration: write seconds, or 15m, 12h, 30d, 2w")
    try:
        return timedelta(**{UNITS[match[2] or "s"]: int(match[1])})
    except OverflowError:
        raise ArgumentTypeError(f"{text!r} is longer than time") from None


def network(text: str) -> IPv4Network | IPv6Network:
    """An address, or a network such as ``192.0.2.0/24``; for argparse."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ArgumentTypeError(f"{error}") from None
