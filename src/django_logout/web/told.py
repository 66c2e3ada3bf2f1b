"""Which other sites have heard of an ending, for its user (``hooks.told``)."""

import logging
from collections.abc import Collection
from uuid import UUID

from django_logout import hooks

logger = logging.getLogger("django_logout")


def find_told(event_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return, by the ids of events, what their user reads of other sites.

    A hook that fails is logged: what it adds to a page is not worth losing the page.
    """
    found: dict[UUID, list[str]] = {}
    for tell in hooks.told if event_ids else ():
        try:
            for event_id, sentences in tell(event_ids).items():
                found.setdefault(event_id, []).extend(sentences)
        except Exception:
            logger.exception("What other sites have heard of a logout could not be found out.")
    return found
