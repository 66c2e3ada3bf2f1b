"""What a revoker is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.checks import CheckMessage
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_logout.types import Credential, Ending


class Revoker(ABC):
    """Revokes one kind of credential. A revoker that raises is logged and reported in the
    result; it keeps nobody signed in.

    Credentials that are rows of a table with a user are easier made of
    :class:`~django_logout.revokers.rows.ModelRevoker`.
    """

    name: str
    "Names the credential in results, events and JSON, e.g. ``drf_token``."

    title: Any = _("Program")
    "What holds such a credential, in the words of the users' page; lazily translated."

    apps: Sequence[str] = ()
    "Names of the installed apps whose credentials these are."

    needs_reach = False
    "Whether :meth:`revoke` looks at ``ending.reach``, which costs a query to find out."

    announces = False
    "Whether there is anything to :meth:`announce`."

    @property
    def lifetime(self) -> timedelta:
        """For how long one may be good of which no row tells that it has ended: for so long what
        ended it is kept."""
        return timedelta(0)

    @property
    def essential(self) -> bool:
        """Whether nothing has ended if this fails: then the error is not fenced, but undoes all.
        True for the package's own session rows only."""
        return False

    @abstractmethod
    def revoke(self, ending: Ending) -> int:
        """Revoke what the ending reaches, and return how many credentials that were.

        Called in the transaction of the ending, after the sessions have been claimed. Must be
        idempotent, and keep its own database work in ``transaction.atomic()``.
        """

    def announce(self, ending: Ending) -> None:  # noqa: B027 - most have nobody to tell
        """Tell others, who may ask at once whether it is true. Called when the ending is committed
        and remembered, outside of its transaction; and again on later tries, if it raises."""

    def count_exempt(self, ending: Ending) -> int:
        """How many personal API keys it would have reached and has left alone."""
        return 0

    @staticmethod
    def excludes_exempt(ending: Ending) -> bool:
        """Whether an ending leaves personal API keys alone; what it names one by one, it means."""
        return not ending.target.include_exempt and not ending.reach.selected_ids

    def list(self, user: Any) -> Sequence[Credential]:
        """The user's credentials of this kind that work now, for the page of their sessions. In a
        constant number of queries, and without any part of a credential."""
        return ()

    def presented(self, request: HttpRequest) -> UUID | None:
        """The id, as in :meth:`list`, of the credential by which this request was let in (as
        REST framework has it in ``request.auth``); ``None`` if it is none of this kind."""
        return None

    def owns_model(self, model: type[Model]) -> bool:
        """Whether the rows of a model are such credentials, in whatever app it is (some apps let
        projects replace theirs)."""
        return False

    def connect(self) -> None:  # noqa: B027 - most have none to connect
        """Called once, when all apps are ready: the place to connect receivers."""

    def check(self) -> Sequence[CheckMessage]:
        """What is wrong with the project's settings for these credentials (system checks)."""
        return ()
