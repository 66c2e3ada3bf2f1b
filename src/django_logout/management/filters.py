"""Which sessions the options of ``end`` mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db.models import QuerySet
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.management.arguments import duration, find_user, network, read, read_one, uuid
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.sessions.devices import KEPT_BITS
from django_logout.types import Target


@dataclass(frozen=True, slots=True)
class Found:
    """How many there are."""

    sessions: int
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """What was asked for, known to make sense."""

    users: tuple[Any, ...]
    sessions: tuple[UUID, ...]
    everyone: bool
    idle_for: timedelta | None
    older_than: timedelta | None
    networks: tuple[IPv4Network | IPv6Network, ...]

    @property
    def narrowed(self) -> bool:
        """Whether it is about some sessions of whoever it is about, not about all."""
        return bool(self.idle_for is not None or self.older_than is not None or self.networks)

    def find(self) -> Found:
        """Count them. Users that are named count, whether they have sessions or not."""
        if self.networks:
            owners = list(self._in_networks().values())
            return Found(len(owners), len(set(owners)))
        rows = self._rows().order_by()
        users = rows.values("user_id").distinct().count()
        named = 0 if self.narrowed else len(self.users)
        return Found(rows.count(), max(users, named))

    def target(self) -> Target:
        """For the door."""
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
        rows, now = registry.active(registry.sessions()), timezone.now()
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
        # Compared here: most databases know addresses as text only.
        rows = self._rows().exclude(ip_address=None).order_by()
        facts = rows.values_list("pk", "user_id", "ip_address").iterator()
        return {
            pk: owner
            for pk, owner, ip in facts
            if any(ip_address(str(ip)) in network for network in self.networks)
        }


def choose(options: dict[str, Any]) -> SessionFilter:
    """Read the options; say what is wrong with them."""
    choice = SessionFilter(
        users=tuple(dict.fromkeys(read(find_user, options["user"]))),
        sessions=tuple(dict.fromkeys(read(uuid, options["session"]))),
        everyone=options["everyone"],
        idle_for=read_one(duration, options["idle_for"]),
        older_than=read_one(duration, options["older_than"]),
        networks=tuple(read(network, options["from_ip"])),
    )
    if not (choice.everyone or choice.sessions or choice.users or choice.narrowed):
        raise CommandError(
            "Which sessions? Say --user, --session, --everyone, --idle-for, --older-than or "
            "--from-ip."
        )
    for option, given in (("--everyone", choice.everyone), ("--session", choice.sessions)):
        others = bool(choice.everyone) + bool(choice.sessions) + bool(choice.users)
        if given and (others > 1 or choice.narrowed):
            raise CommandError(f"{option} goes with no other choice of sessions.")
    _require_known(choice)
    return choice


def _require_known(choice: SessionFilter) -> None:
    rows = registry.sessions().filter(pk__in=choice.sessions)
    for missing in set(choice.sessions) - set(rows.values_list("pk", flat=True)):
        raise CommandError(f"No session has the id {missing}.")
    storage = logout_settings().IP_STORAGE
    if choice.networks and storage == "none":
        raise CommandError('No addresses are stored: LOGOUT["IP_STORAGE"] is "none".')
    for asked in choice.networks:
        bits = KEPT_BITS[asked.version]
        if storage == "truncated" and asked.prefixlen > bits:
            raise CommandError(
                f'LOGOUT["IP_STORAGE"] is "truncated": where {asked} begins and ends is not '
                f"stored. Say --from-ip {asked.supernet(new_prefix=bits)}."
            )
