"""The applications whose provider this site is: which of them hear of logouts, and where.

They are registered by rows of :class:`LogoutClient`, or fixed in ``LOGOUT["CLIENTS"]``::

    LOGOUT = {"CLIENTS": {"shop": {"BACKCHANNEL_LOGOUT_URI": "https://shop.example.com/backchannel/"}}}
"""

import ipaddress
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.translation import gettext as _

from django_logout.conf import cached_until_setting_changes, logout_settings
from django_logout.federation.fetch import Trust
from django_logout.federation.libraries import find_applications
from django_logout.federation.models import ClientLink, LogoutClient
from django_logout.sessions import registry


class Registration(NamedTuple):
    """Where an application hears of logouts."""

    uri: str
    session_required: bool = False
    "Whether the application needs a logout token for each session, with its ``sid``."


#: What this site publishes as a provider (section 2.1).
DISCOVERY = {"backchannel_logout_supported": True, "backchannel_logout_session_supported": True}
#: The type of logout tokens (section 2.4).
TOKEN_TYPE = "logout+jwt"  # noqa: S105 - a type

#: What applications say of themselves when they register (section 2.2).
URI_METADATA = "backchannel_logout_uri"
SESSION_METADATA = "backchannel_logout_session_required"

#: The keys of an application in the setting ``CLIENTS``, with their types.
KEYS: Mapping[str, type] = {"BACKCHANNEL_LOGOUT_URI": str, "SESSION_REQUIRED": bool}


@cached_until_setting_changes("LOGOUT")
def configured() -> Mapping[str, Registration]:
    """Return the applications in the settings by their client ids."""
    return {
        client_id: Registration(
            given.get("BACKCHANNEL_LOGOUT_URI", ""), bool(given.get("SESSION_REQUIRED", False))
        )
        for client_id, given in logout_settings().CLIENTS.items()
    }


def find_registrations(client_ids: Collection[str]) -> dict[str, Registration]:
    """Return where applications are told, without those that are not, in one query at most."""
    fixed = configured()
    found = {client_id: fixed[client_id] for client_id in client_ids if client_id in fixed}
    if rest := [client_id for client_id in client_ids if client_id not in fixed]:
        for row in active_rows().filter(client_id__in=rest):
            found[row.client_id] = Registration(row.backchannel_logout_uri, row.session_required)
    return found


def registered_only(links: QuerySet[ClientLink]) -> QuerySet[ClientLink]:
    """Return the links of applications that hear of logouts, each with ``session_required``."""
    fixed = configured()
    by_sid = [client_id for client_id, found in fixed.items() if found.session_required]
    rows = active_rows().filter(client_id=OuterRef("client_id"))
    required = Case(
        When(client_id__in=by_sid, then=Value(True)),
        When(client_id__in=list(fixed), then=Value(False)),
        default=Subquery(rows.values("session_required")[:1]),
        output_field=BooleanField(),
    )
    is_told = Q(client_id__in=list(fixed)) | Exists(rows)
    return links.filter(is_told).annotate(session_required=required)


@cached_until_setting_changes("LOGOUT", "DEBUG")
def trusted_networks() -> Trust:
    """Return to which private networks logouts may be sent: all of them in development."""
    if settings.DEBUG:
        return True
    return tuple(ipaddress.ip_network(network) for network in logout_settings().CLIENT_NETWORKS)


def validate_logout_uri(uri: str) -> None:
    """Raise ``ValidationError`` for what is no back-channel logout URI (section 2.2): it is absolute
    and has no fragment, like a redirect URI. Plain HTTP is for trusted networks."""
    try:
        parts = urlsplit(uri)
        is_absolute = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_absolute = urlsplit(""), False
    if not is_absolute or "#" in uri or "@" in parts.netloc or any(c <= " " for c in uri):
        raise ValidationError(_("Enter an absolute URL without a fragment or a user name."))
    if parts.scheme != "https" and not (parts.scheme == "http" and trusted_networks()):
        raise ValidationError(_("Enter a URL that begins with https://."))


def validate_client(row: Any) -> None:
    """Raise ``ValidationError`` for a registration of no application, or with a wrong URI."""
    errors = {}
    if row.backchannel_logout_uri:
        try:
            validate_logout_uri(row.backchannel_logout_uri)
        except ValidationError as error:
            errors["backchannel_logout_uri"] = error
    if row.client_id and not find_applications([row.client_id]):
        errors["client_id"] = ValidationError(_("No application of this site has this ID."))
    if errors:
        raise ValidationError(errors)


def active_rows() -> QuerySet[LogoutClient]:
    """Return the rows of the applications that hear of logouts."""
    return LogoutClient.objects.using(registry.database()).filter(is_active=True)


def register(client_id: str, metadata: Mapping[str, Any]) -> None:
    """Register an application by what it says of itself (RFC 7591), or no longer if it names no URI.

    Raise ``ValidationError`` for what cannot be registered. What an administrator has switched off
    stays off.
    """
    uri, required = metadata.get(URI_METADATA), metadata.get(SESSION_METADATA, False)
    if uri is None:
        active_rows().filter(client_id=client_id).delete()
        return
    validate_logout_uri(uri if isinstance(uri, str) else "")
    limit: Any = LogoutClient._meta.get_field("backchannel_logout_uri").max_length
    if len(uri) > limit:
        raise ValidationError(f"{URI_METADATA} is longer than {limit} characters.")
    if not isinstance(required, bool):
        raise ValidationError(f"{SESSION_METADATA} is neither true nor false.")
    LogoutClient.objects.using(registry.database()).update_or_create(
        client_id=client_id,
        defaults={"backchannel_logout_uri": uri, "session_required": required},
    )


def registered_metadata(client_id: str) -> dict[str, Any]:
    """Return what :func:`register` has stored, under the same names."""
    return {
        name: value
        for row in active_rows().filter(client_id=client_id)
        for name, value in (
            (URI_METADATA, row.backchannel_logout_uri),
            (SESSION_METADATA, row.session_required),
        )
    }
