"""The interface of revokers."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.checks import CheckMessage
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_logout.types import Credential, Ending


class Revoker(ABC):
    """Revokes one kind of credential.

    If a revoker raises, the error is logged and reported in the result, and the sessions end
    nevertheless. For credentials that are rows of a table with a user, extend
    :class:`~django_logout.revokers.rows.ModelRevoker` instead.
    """

    name: str
    "Name of the credential in results, events and JSON, e.g. ``drf_token``."

    title: Any = _("App")
    "What holds such a credential, as the page of sessions calls it. Lazily translated."

    apps: Sequence[str] = ()
    "Names of the installed apps that issue these credentials."

    needs_reach = False
    "Whether :meth:`revoke` uses ``ending.reach``, which may take a query to determine."

    announces = False
    "Whether :meth:`announce` does anything."

    essential = False
    "Whether an error undoes the whole ending. True for the package's own session rows only."

    @property
    def lifetime(self) -> timedelta:
        """The longest time that a credential without a row may be valid. Records of endings are
        kept at least as long, because only they say that such a credential has been revoked."""
        return timedelta(0)

    @abstractmethod
    def revoke(self, ending: Ending) -> int:
        """Revoke the credentials that the ending includes, and return their number.

        Called in the transaction of the ending, after the sessions were marked as ended. It must be
        idempotent, and do its own database work in ``transaction.atomic()``.
        """

    def announce(self, ending: Ending) -> None:  # noqa: B027 - most revokers announce nothing
        """Notify other processes of an ending.

        Called outside the transaction, after the ending was committed and cached, so that a
        notified process that checks the session finds it ended. Retried if it raises.
        """

    def count_exempt(self, ending: Ending) -> int:
        """Return the number of credentials that the ending would include if they were not exempt."""
        return 0

    @staticmethod
    def excludes_exempt(ending: Ending) -> bool:
        """Return whether exempt credentials survive an ending. Those that it selects one by one do
        not."""
        return not ending.target.include_exempt and not ending.reach.selected_ids

    def list(self, user: Any) -> Sequence[Credential]:
        """Return the user's valid credentials of this kind, for the page of sessions.

        It must take a constant number of queries, and must not return any part of a secret.
        """
        return ()

    def presented(self, request: HttpRequest) -> UUID | None:
        """Return the id, as in :meth:`list`, of the credential that authenticated this request (REST
        framework puts it into ``request.auth``), or ``None`` if it is of another kind."""
        return None

    def login_ids(self, values: Collection[str]) -> Iterator[UUID | None]:
        """Yield the login of each of these values that is a valid token of this kind, or ``None`` for
        a valid token that names no login, and so cannot be ended."""
        return iter(())

    def owns_model(self, model: type[Model]) -> bool:
        """Return whether the rows of a model are such credentials. Some apps let the project
        replace their model by one of any app."""
        return False

    def connect(self) -> None:  # noqa: B027 - most revokers have no receivers
        """Connect signal receivers. Called once, when all apps are ready."""

    def check(self) -> Sequence[CheckMessage]:
        """Return system checks of the project's settings for these credentials."""
        return ()
