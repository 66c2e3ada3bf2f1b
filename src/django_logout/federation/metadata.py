"""Discovery documents and keys: in a row for all processes, and in each process for a minute.

A provider is asked once a day, and when a token names a key that is unknown. One process fetches at
a time. Until the cool-down is over no process asks again, whether the fetch has failed or not.
"""

import logging
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.federation.digests import digest
from django_logout.federation.fetch import FetchFailed, fetch_json
from django_logout.federation.models import ProviderMetadata
from django_logout.federation.providers import Provider
from django_logout.sessions import registry
from django_logout.utils.rate_limit import RateLimit

logger = logging.getLogger("django_logout.federation")

#: How old a document may be before it is fetched anew.
MAX_AGE = timedelta(days=1)
#: How long after a fetch none begins. Unknown keys come from anyone who can send a request.
COOL_DOWN = timedelta(seconds=30)
#: For how many seconds a process does not read the row again.
REMEMBERED = 60.0
#: For how many seconds not even for a key that is unknown.
PAUSE = 0.25

_failures = RateLimit(count=3, seconds=60)


def find_document(provider: Provider) -> dict[str, Any]:
    """Return the discovery document, an old one if the provider does not answer, or ``{}``."""
    row = _current_row(provider)
    return dict(row.document) if row is not None else {}


def find_keys(provider: Provider, key_id: Any) -> list[dict[str, Any]]:
    """Return the keys with this id, or all keys if a token names none.

    If there is none, the row is read again, and then the provider asked, if its time has come.
    """
    if found := _with_id(_current_row(provider), key_id):
        return found
    row = _recent_row(provider, PAUSE)
    found = _with_id(row, key_id)
    if not found and _refresh(provider, row):
        found = _with_id(_read(provider), key_id)
    return found


def refresh(provider: Provider) -> ProviderMetadata | None:
    """Ask the provider now, unless it was asked within the cool-down, and return the row."""
    _refresh(provider, _read(provider))
    return _read(provider)


def _current_row(provider: Provider) -> ProviderMetadata | None:
    row = _recent_row(provider, REMEMBERED)
    if (row is None or _is_old(row)) and _refresh(provider, row):
        row = _read(provider)
    return row


def _recent_row(provider: Provider, seconds: float) -> ProviderMetadata | None:
    """Return the row as it was not so many seconds ago, or as it is now."""
    row, read_at = _remembered().get(digest(provider.ISSUER, provider.alias), (None, 0.0))
    return row if row is not None and monotonic() < read_at + seconds else _read(provider)


def _is_old(row: ProviderMetadata) -> bool:
    return row.fetched_at is None or row.fetched_at < timezone.now() - MAX_AGE


@cached_until_setting_changes("LOGOUT", "DATABASES")
def _remembered() -> dict[str, tuple[ProviderMetadata, float]]:
    """Return the rows that this process has read, and when."""
    return {}


def _rows(provider: Provider) -> QuerySet[ProviderMetadata]:
    rows = ProviderMetadata.objects.using(registry.database())
    return rows.filter(pk=digest(provider.ISSUER, provider.alias))


def _read(provider: Provider) -> ProviderMetadata | None:
    row = _rows(provider).first()
    if row is not None:
        _remembered()[row.pk] = row, monotonic()
    return row


def _refresh(provider: Provider, row: ProviderMetadata | None) -> bool:
    """Fetch document and keys, if no other process has begun to; return whether the row is new."""
    now = timezone.now()
    if row is not None and row.tried_at and abs(now - row.tried_at) < COOL_DOWN:
        return False
    if row is None:
        key, new = digest(provider.ISSUER, provider.alias), {"issuer": provider.ISSUER}
        _rows(provider).model.objects.using(registry.database()).get_or_create(pk=key, defaults=new)
    before, after = now - COOL_DOWN, now + COOL_DOWN  # A clock may have been set back.
    is_due = Q(tried_at__isnull=True) | Q(tried_at__lte=before) | Q(tried_at__gte=after)
    if not _rows(provider).filter(is_due).update(tried_at=now):
        return True  # Another process asks now. What it has found may be there already.
    try:
        document, keys = _fetch(provider)
    except FetchFailed as error:
        if _failures.admit() is not None:
            logger.warning("The provider %s does not answer: %s", provider.alias, error)
        return False
    _rows(provider).update(document=document, keys=keys, fetched_at=timezone.now())
    return True


def _fetch(provider: Provider) -> tuple[dict[str, Any], list[Any]]:
    trusted = provider.is_trusted_network
    url = f"{provider.ISSUER.rstrip('/')}/.well-known/openid-configuration"
    document: dict[str, Any] = {}
    if provider.RECHECK or not (provider.JWKS_URI and provider.END_SESSION_ENDPOINT):
        document = fetch_json(url, trusted_network=trusted)
        # OpenID Connect Discovery 1.0, section 4.3: it must be the document of this issuer.
        if document.get("issuer") != provider.ISSUER:
            raise FetchFailed(f"{url} is of another issuer.")
    keys_url = provider.JWKS_URI or document.get("jwks_uri")
    if not isinstance(keys_url, str):
        return document, []
    keys = fetch_json(keys_url, trusted_network=trusted).get("keys")
    if not isinstance(keys, list):
        raise FetchFailed(f"{keys_url} has no keys.")
    return document, [key for key in keys if isinstance(key, dict)]


def _with_id(row: ProviderMetadata | None, key_id: Any) -> list[dict[str, Any]]:
    keys = row.keys if row is not None else []
    return [key for key in keys if key_id is None or key.get("kid") in (key_id, None)]
