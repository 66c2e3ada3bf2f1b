"""Take a provider's word that a user has logged out there, and end the sessions that are meant.

A notice is stored before anything ends, and marked as handled after. So it is neither lost nor done
twice, whatever dies in between: the same token is worked on again until it is handled, by the
provider's next try or by ``manage.py logout retry``, and refused afterwards.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import Error, IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded
from django_logout.federation import links, providers
from django_logout.federation.digests import digest
from django_logout.federation.models import ProviderNotice
from django_logout.federation.tokens import LogoutToken, Refused, verify_logout_token
from django_logout.hooks import Attempt
from django_logout.sessions import registry
from django_logout.types import LogoutResult, Target
from django_logout.utils.transactions import retry

logger = logging.getLogger("django_logout.federation")

#: How long a notice is kept at least, for a login that is in progress when it comes.
KEPT_FOR = timedelta(minutes=10)


def receive_logout_token(raw: str) -> None:
    """End the sessions that a logout token means.

    Raises :class:`Refused` for a token that is not valid or was handled before, and
    :class:`SessionNotEnded` if it has to be tried again.
    """
    notice = _store(verify_logout_token(raw))
    if notice.handled_at is not None:
        raise Refused("it was handled before")
    work_on(notice)


def receive_frontchannel(issuer: str | None, sid: str | None) -> LogoutResult | None:
    """End the session that a browser names for its provider (Front-Channel Logout 1.0, section 2).

    Only a ``sid`` that was recorded at a login names a session, and it is a secret of that session.
    Returns ``None`` if the request names nothing. Raises :class:`SessionNotEnded`.
    """
    if issuer is None:
        known = providers.configured().values()
        alone = {provider.ISSUER for provider in known if provider.FRONTCHANNEL_WITHOUT_ISS}
        issuer = alone.pop() if len(alone) == 1 else None
    if not issuer or not sid or not providers.by_issuer(issuer) or "\x00" in sid:
        return None
    sessions = links.matching(issuer, sid=sid)
    try:
        if not sessions.exists():  # Anyone may guess. That must not begin a transaction.
            return None
    except Error as error:
        raise SessionNotEnded("The session that is meant could not be looked for.") from error
    return pipeline.end_sessions(Target.sessions(sessions), reason=Reason.PROVIDER)


def work_on(notice: ProviderNotice) -> None:
    """End the sessions of a notice and mark it as handled. Raises :class:`SessionNotEnded`."""
    row = _notices().filter(pk=notice.pk)
    try:
        target = Target.sessions(links.matching_notice(notice))
        result = pipeline.end_sessions(target, reason=Reason.PROVIDER)
    except SessionNotEnded as error:
        row.update(tries=F("tries") + 1, error=type(error.__cause__ or error).__name__[:100])
        raise
    event = result.event and result.event.pk
    row.update(handled_at=timezone.now(), event_id=event, error="")


def retry_notices(event_ids: Collection[UUID], *, now: bool, dry_run: bool) -> Iterator[Attempt]:
    """Work on the notices that are not handled yet. They have no event, so ids select none.

    Then delete the ID tokens of ended sessions that a process left when it died.
    """
    if event_ids:
        return
    if not dry_run:
        links.forget_tokens_of_ended()
    for notice in _notices().filter(handled_at__isnull=True).order_by("received_at"):
        failed = [notice.provider]
        if not dry_run:
            try:
                work_on(notice)
            except SessionNotEnded:
                logger.exception("A logout that a provider has reported is still to be done.")
            else:
                failed = []
        yield Attempt(str(notice.pk), failed)


def old_notices(limit: datetime) -> QuerySet[Any]:
    """Return the notices that are handled and refuse nothing any more."""
    expired = _notices().filter(expires_at__lt=timezone.now(), received_at__lt=limit)
    return expired.filter(handled_at__isnull=False)


def _notices() -> QuerySet[ProviderNotice]:
    return ProviderNotice.objects.using(registry.database())


def _store(token: LogoutToken) -> ProviderNotice:
    """Write the notice of a token, or return the one that it has already."""
    issuer, database = token.provider.ISSUER, registry.database()
    notice = ProviderNotice(
        digest=digest(issuer, token.jti),
        provider=token.provider.alias[:100],
        issuer=issuer,
        subject_digest=digest(issuer, token.subject),
        sid_digest=digest(issuer, token.sid),
        issued_at=token.issued_at,
        expires_at=max(token.expires_at, timezone.now() + KEPT_FOR),
    )

    def write() -> None:
        with transaction.atomic(using=database):
            notice.save(using=database, force_insert=True)

    try:
        retry(write, database)
    except IntegrityError:
        return _notices().get(digest=notice.digest)
    return notice
