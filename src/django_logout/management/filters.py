"""The sessions that the options of ``end`` select."""

from ipaddress import ip_address
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.management import arguments
from django_logout.management.output import UsageError, count_of
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.sessions.devices import KEPT_BITS
from django_logout.types import Target


class Counts(NamedTuple):
    """How many sessions and users a filter selects."""

    sessions: int
    users: int

    def __str__(self) -> str:
        """Return both in words, such as ``1 session of 1 user``."""
        return f"{count_of(self.sessions, 'session')} of {count_of(self.users, 'user')}"


class SessionFilter:
    """A valid selection of sessions."""

    def __init__(self, options: dict[str, Any]) -> None:
        """Raise :class:`UsageError` if the options are contradictory, or name something that is
        unknown."""
        self.users = arguments.parse_values(arguments.find_user, options["user"])
        self.sessions = arguments.parse_values(arguments.uuid, options["session"])
        self.everyone = bool(options["everyone"])
        self.idle_for = arguments.parse_value(arguments.duration, options["idle_for"])
        self.older_than = arguments.parse_value(arguments.duration, options["older_than"])
        self.networks = arguments.parse_values(arguments.network, options["from_ip"])
        kinds = self.everyone + bool(self.sessions) + bool(self.users) + self.narrowed
        if not kinds:
            raise UsageError(
                "Which sessions? Say --user, --session, --everyone, --idle-for, --older-than or "
                "--from-ip."
            )
        for option, given in (("--everyone", self.everyone), ("--session", self.sessions)):
            if given and kinds > 1:
                raise UsageError(f"{option} cannot be combined with other options for sessions.")
        rows = registry.sessions().filter(pk__in=self.sessions)
        for missing in set(self.sessions) - set(rows.values_list("pk", flat=True)):
            raise UsageError(f"No session has the id {missing}.")
        storage = logout_settings().IP_STORAGE
        if self.networks and storage == "none":
            raise UsageError('No addresses are stored: LOGOUT["IP_STORAGE"] is "none".')
        for asked in self.networks:
            bits = KEPT_BITS[asked.version]
            if storage == "truncated" and asked.prefixlen > bits:
                raise UsageError(
                    f'Addresses are stored without their last bits: LOGOUT["IP_STORAGE"] is '
                    f'"truncated". Say --from-ip {asked.supernet(new_prefix=bits)}.'
                )

    @property
    def narrowed(self) -> bool:
        """Whether only some sessions of the users are selected, not all that they have."""
        return bool(self.idle_for is not None or self.older_than is not None or self.networks)

    def count(self) -> Counts:
        """Count the sessions and users. A user who was named counts even without a session."""
        if self.networks:
            owners = list(self._in_networks().values())
            return Counts(len(owners), len(set(owners)))
        rows = self._rows().order_by()
        users = rows.values("user_id").distinct().count()
        named = 0 if self.narrowed else len(self.users)
        return Counts(rows.count(), max(users, named))

    def target(self) -> Target:
        """Return the target for :func:`end_sessions`."""
        if self.everyone:
            return Target.everyone()
        if self.sessions:
            one = len(self.sessions) == 1
            return Target.session(self.sessions[0]) if one else Target.sessions(self.sessions)
        if self.narrowed:
            return Target.sessions(list(self._in_networks()) if self.networks else self._rows())
        if len(self.users) == 1:
            return Target.user(self.users[0])
        pks = [user.pk for user in self.users]
        return Target.users(get_user_model()._base_manager.filter(pk__in=pks))

    def _rows(self) -> QuerySet[LoginSession]:
        rows, now = registry.only_active(registry.sessions()), timezone.now()
        if self.users:
            rows = rows.filter(user_id__in=[user.pk for user in self.users])
        if self.sessions:
            rows = rows.filter(pk__in=self.sessions)
        if self.idle_for is not None:
            rows = rows.filter(last_seen_at__lte=now - self.idle_for)
        if self.older_than is not None:
            rows = rows.filter(authenticated_at__lte=now - self.older_than)
        return rows

    def _in_networks(self) -> dict[UUID, Any]:
        # Most databases store addresses as text, so they are compared here.
        rows = self._rows().exclude(ip_address=None).order_by()
        facts = rows.values_list("pk", "user_id", "ip_address").iterator()
        return {
            pk: owner
            for pk, owner, ip in facts
            if any(ip_address(str(ip)) in network for network in self.networks)
        }
