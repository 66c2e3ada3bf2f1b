"""Handle the link "this was not me" in our mails.

A link is valid once, for a week. It needs no table: its use is recorded as an event, and a link
has been used if such an event is newer than what its mail is about.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.http import HttpRequest

from django_logout.ending import pipeline
from django_logout.enums import Reason, Scope
from django_logout.models import LogoutEvent
from django_logout.sessions import cutoffs, registry
from django_logout.types import LogoutResult, Target

SALT = "django_logout.not_me"

#: Validity of the link. Events are kept at least as long, because they tell which links were used.
LINK_MAX_AGE = timedelta(days=7)


class Report(NamedTuple):
    """A valid link."""

    user: Any
    since: datetime
    "Time of the login or the ending that the mail is about."

    def handled_by(self) -> LogoutEvent | None:
        """Return the event of an earlier report, by this link or by that of another mail."""
        events = LogoutEvent.objects.using(registry.database())
        # Only an ending of all sessions counts: a project may use the reason for a single one.
        reported = {"reason": Reason.REPORTED, "scope": Scope.USER}
        return events.filter(user_id=self.user.pk, created_at__gt=self.since, **reported).first()

    def log_out_everywhere(self, request: HttpRequest) -> LogoutResult | None:
        """End all sessions of the user, or return ``None`` if an earlier report has done so.

        Raises :class:`~django_logout.exceptions.SessionNotEnded`.
        """
        target, event = Target.user(self.user), self.handled_by()
        if event is not None:
            # The sessions have ended, but the cache may not know: mark them as ended once more.
            ended = registry.sessions().filter(event_id=event.pk).order_by()
            target = Target.sessions(list(ended.values_list("pk", flat=True)))
        result = pipeline.end_sessions(
            target, reason=Reason.REPORTED, actor=self.user, request=request
        )
        return result if event is None else None


def make_token(user: Any, since: datetime) -> str:
    """Return the signed token of a link for this user, valid from now on."""
    return signing.dumps([str(user.pk), since.timestamp()], salt=SALT)


def load_report(token: str) -> Report | None:
    """Return the report of a link, or ``None`` if it is forged, incomplete, too old, or if its user
    no longer exists."""
    try:
        user_id, since = signing.loads(token, salt=SALT, max_age=LINK_MAX_AGE)
    except signing.BadSignature:
        return None
    user = registry.find_user(user_id)
    return None if user is None else Report(user, cutoffs.moment_of(since))
