"""The report "this was not me": the link in our mails, and what using it does.

A link serves its user once, for a week. It needs no table: using it leaves an event, and it has
been used if there is such an event from after the moment that its mail is about.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing

from django_logout.ending import pipeline
from django_logout.enums import Reason, Scope
from django_logout.models import LogoutEvent
from django_logout.sessions import registry
from django_logout.types import LogoutResult, Target

if TYPE_CHECKING:
    from django.http import HttpRequest

SALT = "django_logout.not_me"

#: The link "this was not me" serves for so long, and once: what tells of its use is kept as long.
REPORTS = timedelta(days=7)


class Report(NamedTuple):
    """What a valid link stands for."""

    user: Any
    since: datetime
    "When that happened which the mail is about."

    def earlier(self) -> LogoutEvent | None:
        """What has been done on a report since then, by this link or by one of another mail."""
        events = LogoutEvent.objects.using(registry.database())
        # Everything: who reports a single session, in the project's own code, leaves the rest.
        reported = {"reason": Reason.REPORTED, "scope": Scope.USER}
        return events.filter(user_id=self.user.pk, created_at__gt=self.since, **reported).first()

    def act(self, request: HttpRequest) -> LogoutResult | None:
        """Log the user out everywhere; ``None`` if that has been done.

        Raises :class:`~django_logout.exceptions.SessionNotEnded` like every ending.
        """
        how: dict[str, Any] = {"reason": Reason.REPORTED, "actor": self.user, "request": request}
        earlier = self.earlier()
        if earlier is None:
            return pipeline.end_sessions(Target.user(self.user), **how)
        # Ended, but the cache may not have been told: then this tells it, or says that it cannot.
        theirs = registry.sessions().filter(event_id=earlier.pk).order_by()
        pipeline.end_sessions(Target.sessions(list(theirs.values_list("pk", flat=True))), **how)
        return None


def token(user: Any, since: datetime) -> str:
    """What makes a link valid: signed, for this user, from now on."""
    return signing.dumps([str(user.pk), since.timestamp()], salt=SALT)


def read(token: str) -> Report | None:
    """What a link stands for; ``None`` if it is forged, cut off, too old, or of no user."""
    try:
        user_id, since = signing.loads(token, salt=SALT, max_age=REPORTS)
    except signing.BadSignature:
        return None
    user_model = get_user_model()
    users = user_model._base_manager.using(registry.database())
    user = users.filter(pk=user_model._meta.pk.to_python(user_id)).first()
    when = datetime.fromtimestamp(since, UTC if settings.USE_TZ else None)
    return None if user is None else Report(user, when)
