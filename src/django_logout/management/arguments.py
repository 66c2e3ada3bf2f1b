"""Options that several verbs share, and the types of their values."""

from argparse import SUPPRESS, ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from re import fullmatch
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from django_logout.management.output import UsageError
from django_logout.sessions import registry

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def common_options() -> CommandParser:
    """Return a parser of ``--json``, and of Django's own options, so that they can follow the verb.

    Django's have no defaults, because these would overwrite the options that precede the verb.
    """
    parser = BaseCommand().create_parser(
        "", "", add_help=False, argument_default=SUPPRESS, conflict_handler="resolve"
    )
    # Django gives this option a default of its own, so it is defined again without one.
    parser.add_argument("-v", "--verbosity", type=int, choices=range(4), help="0 to 3; 1")
    parser.add_argument(
        "--json", action="store_true", default=False, help="print one JSON object instead of text"
    )
    return parser


def add_dry_run(parser: CommandParser) -> None:
    """Add ``--dry-run``, for verbs that change something."""
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be done, and change nothing"
    )


def add_repeatable(
    parser: Any, option: str, kind: Callable[[str], Any], *, metavar: str, text: str
) -> None:
    """Add an option that can be given several times."""
    help_text = f"{text}; can be repeated"
    parser.add_argument(
        option, type=kind, metavar=metavar, action="append", default=[], help=help_text
    )


def parse_values(kind: Callable[[str], Any], given: Any) -> list[Any]:
    """Return the values of an option, each once, parsed if they are text.

    The keywords of ``call_command`` have passed no parser, and can be one value or several.
    """
    values = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
    try:
        parsed = (kind(str(each)) if isinstance(each, (str, int)) else each for each in values)
        return list(dict.fromkeys(parsed))
    except ArgumentTypeError as error:
        raise UsageError(f"{error}") from None


def parse_value(kind: Callable[[str], Any], given: Any) -> Any:
    """Return the value of an option that takes one, or ``None`` if it was not given."""
    return next(iter(parse_values(kind, given)), None)


def find_user(name: str) -> Any:
    """Return the user who logs in with this name, even if the model's own manager hides them."""
    model = get_user_model()
    field, users = model.USERNAME_FIELD, model._base_manager.using(registry.database())
    try:
        return users.get(**{field: name})
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise UsageError(f"No user has the {field} {name!r}.") from None
    except MultipleObjectsReturned:
        raise UsageError(
            f"Several users have the {field} {name!r}. Their sessions can be ended one by one: "
            "'logout list' shows the ids that 'logout end --session' takes."
        ) from None


def login_name(user: Any) -> str:
    """Return what a user logs in with, as text: it can be a phone number, an id, or ``None``."""
    name = user.get_username()
    return "" if name is None else str(name)


def duration(text: str) -> timedelta:
    """Parse ``90`` (seconds), ``15m``, ``12h``, ``30d`` or ``2w``. An argparse type."""
    match = fullmatch(r"(\d{1,9})([smhdw]?)", text.strip().lower())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a duration: write seconds, or 15m, 12h, 30d, 2w")
    try:
        value = timedelta(**{UNITS[match[2] or "s"]: int(match[1])})
        timezone.now() - value  # fails if there is no such date
    except OverflowError:
        raise ArgumentTypeError(f"{text!r} is too large") from None
    return value


def network(text: str) -> IPv4Network | IPv6Network:
    """Parse an address, or a network such as ``192.0.2.0/24``. An argparse type.

    An IPv4 address that is written as IPv6 (``::ffff:192.0.2.7``) becomes IPv4, as in the rows.
    """
    try:
        value = ip_network(text.strip())
    except ValueError as error:
        raise ArgumentTypeError(f"{error}") from None
    mapped = getattr(value.network_address, "ipv4_mapped", None)
    if mapped is None or value.prefixlen < 96:
        return value
    return IPv4Network((mapped, value.prefixlen - 96))


def uuid(text: str) -> UUID:
    """Parse the public id of a session or an event. An argparse type."""
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an id") from None
