"""``manage.py logout end``: what the options select, and which are refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_logout.models import LoginSession
from tests.factories import make_rows
from tests.management.active_users import active_users
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


#: An id that no session has.
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--idle-for", "30d"], ["ann", "bob", "bob"]),
        (["--idle-for", "2h"], ["ann"]),
        (["--idle-for", "2h", "--user", "bob"], ["ann", "ann"]),
        (["--idle-for", "30d", "--user", "bob"], ["ann", "ann", "bob", "bob"]),
        (["--older-than", "5400"], ["bob"]),
        (["--older-than", "90m", "--idle-for", "1w"], ["ann", "bob", "bob"]),
        (["--from-ip", "192.0.2.0/24"], ["ann", "bob"]),
        (["--from-ip", "192.0.0.0/8"], ["ann", "bob"]),
        (["--from-ip", "::ffff:192.0.2.0/120"], ["ann", "bob"]),
        (["--from-ip", "2001:db8::/32"], ["ann", "bob", "bob"]),
        (["--from-ip", "2001:db8:1::/48", "--from-ip", "198.51.100.0/24"], ["ann", "bob"]),
        (["--from-ip", "192.0.2.0/24", "--user", "ann"], ["ann", "bob", "bob"]),
        (["--from-ip", "203.0.113.0/24"], ["ann", "ann", "bob", "bob"]),
    ],
    ids=" ".join,
)
def test_options_narrow_the_selection(
    two_each: list[LoginSession], options: list[str], left: list[str]
) -> None:
    """A session must match all of them: idle, old, from a network, of a user."""
    now = timezone.now()
    idle = [timedelta(days=60), timedelta(0), timedelta(hours=3), timedelta(hours=3)]
    old = [timedelta(days=60), timedelta(days=1), timedelta(hours=2), timedelta(hours=1)]
    for row, seen, logged_in in zip(two_each, idle, old, strict=True):
        LoginSession.objects.filter(pk=row.pk).update(
            last_seen_at=now - seen, authenticated_at=now - logged_in
        )
    run("end", *options, "--yes")
    assert active_users() == left


def test_network_selects_no_session_without_an_address(user: Any) -> None:
    """Its origin is unknown."""
    make_rows(user, 1)
    assert run("end", "--from-ip", "0.0.0.0/0", "--yes").out == "Ended: nothing.\n"


def test_address_is_refused_if_only_networks_are_stored(two_each: Any) -> None:
    """It would end the sessions of the whole network."""
    said = run("end", "--from-ip", "192.0.2.7")
    assert said.error.endswith("Say --from-ip 192.0.2.0/24.")
    assert run("end", "--from-ip", "2001:db8:1::7").error.endswith("Say --from-ip 2001:db8:1::/48.")
    assert len(active_users()) == 4


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"])
def test_address_is_accepted_if_addresses_are_stored(
    user: Any, settings: Any, address: str
) -> None:
    """``IP_STORAGE`` is ``full``. An IPv4 address can also be written as IPv6."""
    settings.LOGOUT = {"IP_STORAGE": "full"}
    make_rows(user, 1, ip_address="192.0.2.7")
    make_rows(user, 1, ip_address="192.0.2.8")
    assert run("end", "--from-ip", address).out.startswith("Ended: session: 1.")


def test_address_is_refused_if_none_is_stored(settings: Any) -> None:
    """The message says so, and does not claim that nothing was found."""
    settings.LOGOUT = {"IP_STORAGE": "none"}
    assert run("end", "--from-ip", "192.0.2.0/24").error.startswith("No addresses are stored")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "Which sessions? Say --user"),
        (["--yes", "--dry-run"], "Which sessions? Say --user"),
        (["--everyone", "--user", "ann"], "--everyone cannot be combined"),
        (["--everyone", "--idle-for", "1d"], "--everyone cannot be combined"),
        (["--everyone", "--session", UNKNOWN_ID], "--everyone cannot be combined"),
        (["--session", UNKNOWN_ID, "--older-than", "1d"], "--session cannot be combined"),
        (["--session", UNKNOWN_ID, "--user", "ann"], "--session cannot be combined"),
        (["--session", UNKNOWN_ID], "No session has the id 00000000-"),
        (["--session", "5"], "argument --session: '5' is not an id"),
        (["--user", "nobody"], "No user has the username 'nobody'."),
        (["--idle-for", "soon"], "'soon' is not a duration: write seconds, or 15m"),
        (["--idle-for", "999999999w"], "'999999999w' is too large"),
        (["--older-than", "1000000d"], "'1000000d' is too large"),
        (["--idle-for", "-5"], "'-5' is not a duration"),
        (["--from-ip", "192.0.2.1/24"], "192.0.2.1/24 has host bits set"),
        (["--from-ip", "home"], "'home' does not appear to be an IPv4 or IPv6 network"),
        (["--user", "ann", "--reason", "x" * 65], "a reason has 1 to 64 characters"),
        (["--user", "ann", "--reason", ""], "a reason has 1 to 64 characters"),
        (["--user", "ann", "--reason", "a\x1bb"], "printable characters only"),
    ],
    ids=str,
)
def test_invalid_options_are_refused(user: Any, options: list[Any], why: str) -> None:
    """Nothing is ended."""
    make_rows(user, 1)
    said = run("end", *options)
    assert why in said.error
    # Django's own parser ends a process with 2, but raises an error of code 1 in this one.
    assert said.code == (1 if said.error.startswith("Error: ") else 2)
    assert active_users() == ["ann"]
