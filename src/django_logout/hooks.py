"""Lists of what other apps add to this package. An app fills them in its ``AppConfig.ready()``.

This module is on the lowest layer, so the code that reads a list does not know who fills it.
An empty list costs nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

verbs: list[str] = []
"""Dotted paths of modules that are verbs of ``manage.py logout``, beside its own.

The last part of the path is the name of the verb. The module has ``HELP``,
``add_arguments(parser)`` and ``handle(command, **options)``. It is imported when the command runs.
"""


class Attempt(NamedTuple):
    """What ``manage.py logout retry`` tried, or would try in a dry run."""

    event: str
    "Id of the :class:`LogoutEvent` whose ending was not complete."
    failed: Sequence[str]
    "Names of what has still failed; in a dry run, of what would be tried."


class Retry(Protocol):
    """Try again what failed after an ending."""

    def __call__(
        self, event_ids: Collection[UUID], *, now: bool, dry_run: bool
    ) -> Iterator[Attempt]:
        """Yield an attempt for each event that is due, or only for those with these ids.

        With ``now``, do not wait until one is due. Change nothing in a dry run.
        """


retries: list[Retry] = []
"What ``manage.py logout retry`` tries again after the revokers."


class Cleanup(NamedTuple):
    """Old rows that ``manage.py logout prune`` deletes."""

    name: str
    "A plural noun for its output, such as ``deliveries``."
    rows: Callable[[datetime], QuerySet[Any]]
    "Called with the time before which an ending is history. Returns the rows to delete."


finishers: list[Callable[[], None]] = []
"""Called when a verb of ``manage.py logout`` has run. Each waits some seconds for what the process has begun in
a thread, which would end with it."""

cleanups: list[Cleanup] = []
"""What ``manage.py logout prune`` deletes besides the rows of this package.

The rows must be in the registry's database.
"""


class Destination(Protocol):
    """Where a browser is sent after a logout, in place of the project's own page."""

    url: str
    'The URL; ``""`` if the browser goes where it would go anyway.'
    form_url: str
    'A URL to which a page with a form sends the browser instead, and ``""`` if none does.'
    fields: Mapping[str, str]
    "The fields of that form."
    warning: Any
    'A sentence for the user, or ``""``.'

    def keep(self, request: HttpRequest, response: HttpResponse) -> None:
        """Note in the response what is needed when the browser comes back."""


class FindDestination(Protocol):
    """Find where a browser is sent after a logout."""

    def __call__(self, request: HttpRequest, next_url: Callable[[], str]) -> Destination | None:
        """Return the destination, or ``None``. Called before the session ends.

        ``next_url`` returns where the user would go otherwise.
        """


destinations: list[FindDestination] = []
"Asked by every logout view for where the browser goes. The first destination counts."

questions: list[Callable[[HttpRequest], str]] = []
"""Called for the page that asks whether to log out. Each returns the name of a site at which the user
can stay logged in, or ``""``."""

login_notes: dict[str, Callable[[HttpRequest], Any]] = {}
"""By a name, what returns facts about a login that has to wait until its user has chosen which sessions
end: JSON, or ``None``. It is called while the request still has the user. The facts are in the ``notes``
of the pending login when that is completed, in another request. They are signed, not encrypted."""

session_titles: list[Callable[[Collection[UUID]], Mapping[UUID, str]]] = []
"""Called with the ids of the sessions on a page. Each returns, by id, the names of the sites through
which sessions were logged in."""

told: list[Callable[[Collection[UUID]], Mapping[UUID, Sequence[str]]]] = []
"""Called with the ids of the events of a page, each of one user. Returns, by id, sentences for that user
about which other sites have heard of the ending."""

explanations: dict[str, Callable[[HttpRequest | None], Any]] = {}
"""By reason, what returns the sentence for the user whom a request is from, or ``None`` for the usual
one."""
