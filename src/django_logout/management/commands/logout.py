"""``manage.py logout``: each verb is a module of :mod:`django_logout.management`."""

from importlib import import_module
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser, DjangoHelpFormatter
from django.db import Error

from django_logout import hooks
from django_logout.exceptions import LogoutError
from django_logout.management.arguments import common_options
from django_logout.management.output import ReportedError, write_json

#: Modules with ``HELP``, ``add_arguments(parser)`` and ``handle(command, **options)``.
VERBS = ("end", "list", "adopt", "prune", "retry", "explain")


class Command(BaseCommand):
    """Dispatch to the verbs: our own, and those in ``hooks.verbs``."""

    help = "End sessions, and maintain the record of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add a sub-parser for each verb."""
        paths = [*(f"django_logout.management.{name}" for name in VERBS), *hooks.verbs]
        self.verbs = {path.rpartition(".")[2]: import_module(path) for path in paths}
        parsers = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        for name, verb in self.verbs.items():
            verb.add_arguments(
                parsers.add_parser(
                    name,
                    help=verb.HELP,
                    description=verb.HELP,
                    parents=[common_options()],
                    formatter_class=DjangoHelpFormatter,  # lists Django's own options last
                )
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb. With ``--json``, an error is written in place of the result."""
        try:
            self.verbs[options["verb"]].handle(self, **options)
        except ReportedError:
            raise
        except (CommandError, LogoutError, Error) as error:
            # A database's message can contain secrets. It is shown with the traceback only.
            message = type(error).__name__ if isinstance(error, Error) else str(error)
            if options["json"]:
                write_json(self, {"complete": False, "error": message})
            if isinstance(error, LogoutError):
                raise CommandError(message) from error
            raise
        finally:
            for finish in hooks.finishers:
                finish()
