"""``manage.py logout``: one verb a module of :mod:`django_logout.management`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from django_logout.management import adopt, end, explain, prune, retry
from django_logout.management import list as list_
from django_logout.management.arguments import django_options
from django_logout.management.output import failures

#: Each has ``HELP``, ``add_arguments(parser)`` and ``handle(command, **options)``.
VERBS = {
    "end": end,
    "list": list_,
    "adopt": adopt,
    "prune": prune,
    "retry": retry,
    "explain": explain,
}


class Command(BaseCommand):
    """See the modules of the verbs."""

    help = "End sessions, and see what ending them means."

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-parser a verb."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        for name, verb in VERBS.items():
            verb.add_arguments(
                verbs.add_parser(
                    name,
                    help=verb.HELP,
                    description=verb.HELP,
                    parents=[django_options()],
                    formatter_class=DjangoHelpFormatter,  # Django's own options come last
                )
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        with failures(self, as_json=options["json"]):
            VERBS[options["verb"]].handle(self, **options)
