"""``manage.py logout deliver``: tell applications of logouts, where this site is their provider."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.federation import sender
from django_logout.management.output import write_json

HELP = (
    "Tell the applications of this site of logouts that are due, and exit. With --follow, go on until "
    "SIGTERM or SIGINT. Any number of processes may run this."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--follow", action="store_true", help="go on with what comes")


def handle(command: BaseCommand, **options: Any) -> None:
    """Deliver, and print how many have heard."""
    stop = _stopped_by_signal() if options["follow"] else None
    counts = sender.deliver(stop)
    facts = {name: counts[name] for name in ("heard", "again", "failed")}
    if options["json"]:
        write_json(command, facts)
    else:
        words = "Heard: {heard}. To be tried again: {again}. Failed: {failed}."
        command.stdout.write(words.format(**facts))


def _stopped_by_signal() -> Event:
    """Return an event that is set by the signals that end a process."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *args: stop.set())
    return stop
