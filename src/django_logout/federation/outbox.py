"""Write down which applications have to hear of an ending, in the transaction of the ending.

What is written is delivered by ``sender``, whatever dies in between; what is rolled back never was.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from django_logout.conf import logout_settings
from django_logout.enums import Scope
from django_logout.federation import client_links, libraries
from django_logout.federation.applications import registered_only
from django_logout.federation.models import ClientLink, Delivery
from django_logout.revokers.base import Revoker
from django_logout.sessions import registry
from django_logout.sessions.identity import uuid_of
from django_logout.types import Ending
from django_logout.utils.bounded import BoundedDict, batched_rows
from django_logout.utils.lazy import lazy_import

nudge = lazy_import("federation.nudge.nudge")

#: Endings of all that users have. Their applications are told once, not for each session.
OF_USERS = frozenset({Scope.USER, Scope.USERS})
#: Names in ``EXEMPT_CREDENTIALS`` with which logins that belong to no session are kept.
EXEMPT = frozenset({"client", "oauth_token", *libraries.BY_APP})
#: How many links one batch of a sweep reads.
BATCH = 500

#: The endings of this process whose deliveries were written, and perhaps not committed yet.
_written: BoundedDict[UUID, bool] = BoundedDict(maxsize=1000)


class ClientRevoker(Revoker):
    """Revokes nothing itself: it tells the applications to which this site has given logins.

    It counts none of them as ended, because they have not heard yet.
    """

    name = "client"
    title = _("Connected app")
    announces = True

    def revoke(self, ending: Ending) -> int:
        """Write the deliveries of an ending. What is there already is not written again."""
        rows = _deliveries(ending) if libraries.connected() else []
        if rows:
            write(rows)
            _written[ending.id] = True
        return 0

    def announce(self, ending: Ending) -> None:
        """Have them delivered soon, and wait for that if the project wants to."""
        if _written.pop(ending.id, False):
            nudge(ending.id, wait=ending.request is not None)


def write(rows: Iterable[Delivery]) -> None:
    """Store deliveries, except for those that are stored already."""
    deliveries().bulk_create(list(rows), ignore_conflicts=True)


def sweep(delivery: Delivery) -> Iterator[None]:
    """Write a delivery for each login that an ending for everyone includes, and yield after each
    batch. It can be repeated.

    That ending lists no session, so what began after it is told apart by the time.
    """
    at = delivery.created_at
    served = Q(session__ended_at__isnull=True) | Q(session__ended_at__gte=at)
    links = client_links.links().filter(Q(session__isnull=True) | served, linked_at__lte=at)
    if _is_exempt_alone():
        links = links.filter(session__isnull=False)
    fields = ("client_id", "issuer", "subject", "sid", "session_required")
    make = partial(_delivery, delivery.event_id, at)
    for batch in batched_rows(registered_only(links), *fields, size=BATCH):
        write({row.pk: row for row in (make(*each[1:], of_user=True) for each in batch)}.values())
        yield


def split(delivery: Delivery) -> bool:
    """Replace a delivery that names no session by one for each, if the user has logged in anew.

    The application would end the new login, too. Return whether that was done.
    """
    if delivery.sid:
        return False
    mine = client_links.links().filter(
        client_id=delivery.client_id, issuer=delivery.issuer, subject=delivery.subject
    )
    newer = mine.filter(session__ended_at__isnull=True, linked_at__gt=delivery.created_at)
    if not newer.filter(session__isnull=False).exists():
        return False
    before = mine.filter(session__isnull=False, linked_at__lte=delivery.created_at)
    at, about = delivery.created_at, (delivery.client_id, delivery.issuer, delivery.subject)
    sids = before.values_list("sid", flat=True)
    write([_delivery(delivery.event_id, at, *about, sid, True, of_user=True) for sid in sids])
    deliveries().filter(pk=delivery.pk).delete()
    return True


def deliveries() -> QuerySet[Delivery]:
    """Return all deliveries."""
    return Delivery.objects.using(registry.database())


def _deliveries(ending: Ending) -> list[Delivery]:
    if ending.target.scope is Scope.EVERYONE:
        key = _key(ending.id, "", "", "", "")
        return [Delivery(pk=key, event_id=ending.id, created_at=ending.at, due_at=ending.at)]
    links = _links(ending)
    if links is None:
        return []
    fields = ("client_id", "issuer", "subject", "sid", "session_required")
    of_user = ending.target.scope in OF_USERS
    make = partial(_delivery, ending.id, ending.at, of_user=of_user)
    found = [make(*each) for each in registered_only(links).values_list(*fields)]
    return list({row.pk: row for row in found}.values())


def _links(ending: Ending) -> QuerySet[ClientLink] | None:
    """Return the logins that an ending includes; ``None``, without a query, for none."""
    included = Q(session__in=[session.id for session in ending.sessions])
    if ending.target.scope in OF_USERS and not (
        _is_exempt_alone() and not ending.target.include_exempt
    ):
        value = ending.target.value
        users = [value.pk] if ending.target.scope is Scope.USER else value.order_by().values("pk")
        included |= Q(session__isnull=True, user__in=users)
    elif not ending.sessions:
        return None
    return client_links.links().filter(included)


def _is_exempt_alone() -> bool:
    """Return whether logins that belong to no session, such as those of devices, are kept."""
    return not EXEMPT.isdisjoint(logout_settings().EXEMPT_CREDENTIALS)


def _delivery(
    event_id: UUID,
    at: datetime,
    client_id: str,
    issuer: str,
    subject: str,
    sid: str,
    session_required: bool,
    *,
    of_user: bool,
) -> Delivery:
    """Return a delivery: without ``sid`` if all of a user's logins have ended, unless the application
    needs one (Back-Channel Logout 1.0, section 2.2)."""
    sid = "" if of_user and not session_required else sid
    return Delivery(
        pk=_key(event_id, client_id, issuer, subject, sid),
        event_id=event_id,
        client_id=client_id,
        issuer=issuer,
        subject=subject,
        sid=sid,
        created_at=at,
        due_at=at,
    )


def _key(event_id: UUID, *names: str) -> UUID:
    parts: list[Any] = [event_id, *(f"{len(name)}:{name}" for name in names)]
    return uuid_of(sha256(":".join(map(str, parts)).encode()).digest())
