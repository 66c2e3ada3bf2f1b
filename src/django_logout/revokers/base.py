"""What a revoker is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from django_logout.types import Ending


class Revoker(ABC):
    """Revokes one kind of credential. A revoker that raises is logged and reported in the
    result; it keeps nobody signed in."""

    name: str
    "Names the credential in results, events and JSON, e.g. ``drf_token``."

    @property
    def essential(self) -> bool:
        """Whether nothing has ended if this fails: then the error is not fenced, but undoes all.
        True for the package's own session rows only."""
        return False

    @abstractmethod
    def ends(self, ending: Ending) -> int:
        """Revoke what the ending reaches, and return how many credentials that were.

        Called in the transaction of the ending, after the sessions have been claimed. Must be
        idempotent, and keep its own database work in ``transaction.atomic()``.
        """
