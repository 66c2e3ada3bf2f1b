"""What the verbs understand on the command line."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import fullmatch
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from django_logout.sessions import registry

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def django_options() -> CommandParser:
    """Django's own options, to be understood after the verb too. Without their defaults, which
    would overwrite what was said before it."""
    parser = BaseCommand().create_parser(
        "", "", add_help=False, argument_default=SUPPRESS, conflict_handler="resolve"
    )
    # The only one of them that brings its own default.
    parser.add_argument("-v", "--verbosity", type=int, choices=range(4), help="0 to 3; 1")
    return parser


def add_json(parser: CommandParser) -> None:
    """The option that all verbs have."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def add_dry_run(parser: CommandParser) -> None:
    """The option of verbs that change something."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")


def read(kind: Callable[[str], Any], given: Any) -> list[Any]:
    """The values of an option. The keywords of ``call_command`` have passed no parser: they may be
    one or several, and those that are text are read here."""
    several = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
    try:
        return [kind(str(each)) if isinstance(each, (str, int)) else each for each in several]
    except ArgumentTypeError as error:
        raise CommandError(f"{error}") from None


def read_one(kind: Callable[[str], Any], given: Any) -> Any:
    """The value of an option that takes one; ``None`` if it was not given."""
    return next(iter(read(kind, given)), None)


def find_user(name: str) -> Any:
    """The user who logs in with this name, also one whom the project's own manager hides."""
    model = get_user_model()
    field, users = model.USERNAME_FIELD, model._base_manager.using(registry.database())
    try:
        return users.get(**{field: name})
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise CommandError(f"No user has the {field} {name!r}.") from None
    except MultipleObjectsReturned:
        raise CommandError(
            f"Several users have the {field} {name!r}. Their sessions can be ended one by one: "
            "'logout list' shows the ids that 'logout end --session' takes."
        ) from None


def name_of(user: Any) -> str:
    """What a user logs in with, which need not be text in Python: telephone numbers, ids."""
    name = user.get_username()
    return "" if name is None else str(name)


def duration(text: str) -> timedelta:
    """``90`` (seconds), ``15m``, ``12h``, ``30d``, ``2w``; for argparse."""
    match = fullmatch(r"(\d{1,9})([smhdw]?)", text.strip().lower())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no duration: write seconds, or 15m, 12h, 30d, 2w")
    try:
        found = timedelta(**{UNITS[match[2] or "s"]: int(match[1])})
        timezone.now() - found  # so long ago there has to be a day
    except OverflowError:
        raise ArgumentTypeError(f"{text!r} is longer than time") from None
    return found


def network(text: str) -> IPv4Network | IPv6Network:
    """An address, or a network such as ``192.0.2.0/24``; for argparse. IPv4 written as IPv6
    (``::ffff:192.0.2.7``) is IPv4, as it is where addresses are stored."""
    try:
        found = ip_network(text.strip())
    except ValueError as error:
        raise ArgumentTypeError(f"{error}") from None
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is None or found.prefixlen < 96:
        return found
    return IPv4Network((mapped, found.prefixlen - 96))


def uuid(text: str) -> UUID:
    """The public id of a session, or of an event; for argparse."""
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no id") from None
