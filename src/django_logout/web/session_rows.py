"""Describe sessions and tokens: as JSON has them, and as pages show them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from django_logout.enums import SESSION
from django_logout.labels import device_label
from django_logout.models import LoginSession
from django_logout.sessions import timeouts
from django_logout.sessions.devices import device_kind, shown_address
from django_logout.sessions.places import find_place
from django_logout.sessions.timeouts import Limits
from django_logout.types import Credential

#: How long a login is marked as new.
NEW_FOR = timedelta(days=1)


def describe_row(
    row: LoginSession | Credential, limits: Limits, current_id: UUID | None = None
) -> dict[str, Any]:
    """Return a session or a token as JSON has it. ``current_id`` is that of the current one."""
    if isinstance(row, Credential):
        about: dict[str, Any] = {"id": row.id, "last_seen_at": row.last_used_at, "ip_address": None}
        device, expires_at = row.label, row.expires_at
    else:
        # A network where only that is stored: its first address would be taken for a client's.
        address = shown_address(row.ip_address) or None
        about = {"id": row.pk, "last_seen_at": row.last_seen_at, "ip_address": address}
        device = device_label(row.device)
        expires_at = timeouts.latest_end(limits, begun=row.authenticated_at, expires=row.expires_at)
    return {
        **about,
        "current": about["id"] == current_id,
        "created_at": row.created_at,
        "expires_at": expires_at,
        "device": device,
        "kind": row.kind,
    }


class Moment(NamedTuple):
    """A time, and how long it is from now, in words."""

    at: datetime
    text: str


class DeviceGroup(NamedTuple):
    """The sessions of one device on a page."""

    rows: list[dict[str, Any]]
    total: int
    "How many there are of this device on all pages."

    @property
    def first(self) -> dict[str, Any]:
        """The session that was used last."""
        return self.rows[0]

    @property
    def ids(self) -> str:
        """The ids of all, as one value of a form."""
        return " ".join(str(row["id"]) for row in self.rows)

    @property
    def is_new(self) -> bool:
        """Whether any of them is new."""
        return any(row["is_new"] for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOfPage:
    """What a page needs to know about all its rows to show each of them."""

    limits: Limits
    current_id: UUID | None = None
    titles: Mapping[str, Any] = field(default_factory=dict)
    "What a kind of credential is called; nothing for a browser's session."
    sites: dict[UUID, str] = field(default_factory=dict)
    "By id, the sites through which sessions were logged in."
    keys: frozenset[str] = frozenset()
    "Kinds of personal API keys."
    end_url: Callable[[Any], str] = lambda row_id: ""
    "The URL at which the session with an id can be ended."
    now: datetime = field(default_factory=timezone.now)

    def show(self, row: LoginSession | Credential) -> dict[str, Any]:
        """Return what JSON has, and what only people need."""
        found = describe_row(row, self.limits, self.current_id)
        created, seen, expires = (
            found[f"{name}_at"] for name in ("created", "last_seen", "expires")
        )
        return {
            **found,
            "name": found["device"] or _("Unknown device"),
            "title": "" if row.kind == SESSION else self.titles.get(row.kind, row.kind),
            "icon": self._icon(row),
            "site": self.sites.get(found["id"], ""),
            "network": found["ip_address"],
            "place": find_place(getattr(row, "ip_address", None)),
            "is_new": created is not None and created > self.now - NEW_FOR,
            "created": self.since(created),
            "seen": self.since(self.now if found["current"] else seen),
            "expires": expires and Moment(expires, self._until(expires)),
            "end_url": self.end_url(found["id"]),
        }

    def group(
        self, rows: Iterable[LoginSession | Credential], totals: Mapping[Any, int]
    ) -> list[DeviceGroup]:
        """Group rows that are in the order of their devices. ``totals`` has how many there are of
        each group of tokens; a session has that itself."""
        groups = []
        for key, found in groupby(rows, group_key):
            members = list(found)
            total = getattr(members[0], "device_total", None) or totals.get(key, len(members))
            groups.append(DeviceGroup([self.show(row) for row in members], total))
        return groups

    def _icon(self, row: LoginSession | Credential) -> str:
        if row.kind in self.keys:
            return "key"
        if isinstance(row, Credential) or row.kind != SESSION:
            return "app"
        return device_kind(row.user_agent or row.device)

    def since(self, at: datetime | None) -> Moment | None:
        if at is None:
            return None
        if at > self.now - timedelta(minutes=1):
            return Moment(at, _("now"))
        return Moment(at, _("%(time)s ago") % {"time": timesince(at, self.now, depth=1)})

    def _until(self, at: datetime) -> str:
        return _("in %(time)s") % {"time": timeuntil(at, self.now, depth=1)}


def group_key(row: LoginSession | Credential) -> tuple[str, str]:
    """Return what the rows of one group have in common."""
    return row.kind, row.label if isinstance(row, Credential) else row.device
