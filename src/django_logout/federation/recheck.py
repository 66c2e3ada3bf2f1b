"""Ask a provider now and then whether a login there still stands, if it never tells by itself.

By the refresh token (RFC 6749, section 6), ``invalid_grant`` is a no. By the user's data (OpenID
Connect Core 1.0, section 5.3), the status 401 is. Any other answer says nothing, and neither does none.

A refresh token may be good for one use, so one request of a session asks, and notes that before. If its
process dies, the next asks after the cool-down.
"""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from functools import partial
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from django_logout.conf import as_timedelta, cached_until_setting_changes
from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.exceptions import SessionUnavailable
from django_logout.federation import fetch, links, metadata, providers
from django_logout.federation.fetch import FetchFailed
from django_logout.federation.models import ProviderLink
from django_logout.federation.providers import Provider
from django_logout.federation.sealing import seal, unseal
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.bounded import BoundedDict
from django_logout.utils.logout_views import is_logout_view
from django_logout.utils.rate_limit import RateLimit
from django_logout.utils.threads import run_outside_transaction

logger = logging.getLogger("django_logout.federation")

#: How long after a request to the provider no other of the same session asks.
COOL_DOWN = timedelta(seconds=30)
#: For how many seconds the sessions of a provider that does not answer ask nothing in a process.
SILENCE = 10.0
#: For how many seconds a request waits for another that asks, if it must not be served without.
PATIENCE = 5.0

#: The code of a failure that is of one login. The provider is asked about others all the same: a user
#: whom it refuses must not keep it from being asked about users whose logins have ended.
OF_ONE_LOGIN = "of_one_login"
#: The errors of RFC 6749, section 5.2, that are the same for all tokens of a client.
OF_CLIENT = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type"}
)

_failures = RateLimit(count=3, seconds=60)


class Verdict(Enum):
    """What is known of a login at a provider."""

    STANDS = "stands"
    ENDED = "ended"
    UNKNOWN = "unknown"


def check_login(session: Any, session_id: UUID) -> str | None:
    """End a session whose login at a provider has ended, and return the reason; ``None`` if it has
    not, or if no one has to ask now.

    It costs no query where no provider is asked, nor within the time that an answer counts. A logout
    is not kept waiting. Raises :class:`SessionUnavailable` if the provider does not answer and
    ``RECHECK_FAILS`` is ``closed``.
    """
    known = providers.configured()
    asked = [name for name in session.get(links.MARK, ()) if name in known and known[name].RECHECK]
    if not asked or monotonic() < _good_until().get(session_id, 0.0):
        return None
    match = getattr(session.state.request, "resolver_match", None)
    if match is not None and is_logout_view(match.func):
        return None
    rows = _rows().filter(session_id=session_id, provider__in=asked)
    counts = [_check_link(link, known[link.provider]) for link in rows]
    if None in counts:
        pipeline.end_sessions(Target.session(session_id), reason=Reason.PROVIDER_LOGIN_ENDED)
        return Reason.PROVIDER_LOGIN_ENDED
    shortest = min(filter(None, counts), default=COOL_DOWN)
    _good_until()[session_id] = monotonic() + shortest.total_seconds()
    return None


def _check_link(link: ProviderLink, provider: Provider) -> timedelta | None:
    """Return for how long a login needs no check, or ``None`` if it has ended."""
    interval = as_timedelta(provider.RECHECK)
    left = (link.checked_at or link.linked_at) + interval - timezone.now()
    if left > timedelta(0):
        return min(left, interval)  # A clock may have been set back.
    ask = partial(_ask_once, link, provider)
    verdict = run_outside_transaction(ask, registry.database())
    if verdict is Verdict.UNKNOWN and provider.RECHECK_FAILS == "closed":
        raise SessionUnavailable(f"{provider.alias} does not say whether a login stands.")
    after = {Verdict.STANDS: interval, Verdict.UNKNOWN: min(COOL_DOWN, interval)}
    return after.get(verdict)


def _ask_once(link: ProviderLink, provider: Provider) -> Verdict:
    """Ask the provider, unless another request does or has just done so."""
    token, now = unseal(link.recheck_token), timezone.now()
    if not token:  # The library has kept none, or the key that it was encrypted with is gone.
        return Verdict.ENDED if provider.RECHECK_FAILS == "closed" else Verdict.UNKNOWN
    if monotonic() < _silent_until().get(provider.alias, 0.0):
        return Verdict.UNKNOWN
    before, after = now - COOL_DOWN, now + COOL_DOWN  # A clock may have been set back.
    is_free = Q(asked_at__isnull=True) | Q(asked_at__lte=before) | Q(asked_at__gte=after)
    row = _rows().filter(pk=link.pk, checked_at=link.checked_at)
    if not row.filter(is_free).update(asked_at=now):
        return _wait_for_other(link, provider)
    try:
        verdict, new_token = _ASK[provider.RECHECK_BY](link, provider, token)
    except FetchFailed as error:
        if _failures.admit() is not None:
            logger.warning("The provider %s was asked in vain: %s", provider.alias, error)
        if error.code != OF_ONE_LOGIN:
            _silent_until()[provider.alias] = monotonic() + SILENCE
        return Verdict.UNKNOWN
    if verdict is Verdict.STANDS:
        row.update(checked_at=timezone.now(), recheck_token=seal(new_token or token))
    return verdict


def _wait_for_other(link: ProviderLink, provider: Provider) -> Verdict:
    """Return what another request learns. Where requests are served without, that is not waited for."""
    deadline = monotonic() + PATIENCE
    while provider.RECHECK_FAILS == "closed" and monotonic() < deadline:
        row = _rows().filter(pk=link.pk).first()
        if row is None or not row.recheck_token:
            return Verdict.ENDED
        if row.checked_at != link.checked_at or row.asked_at is None:  # Or logged in anew.
            return Verdict.STANDS
        if timezone.now() - row.asked_at > timedelta(seconds=PATIENCE):
            break  # It has failed, or its process has died.
        sleep(0.05)
    return Verdict.UNKNOWN


def _refresh(link: ProviderLink, provider: Provider, token: str) -> tuple[Verdict, str]:
    """Ask for new tokens, and return the new refresh token if there is one."""
    document = metadata.find_document(provider)
    body = {"grant_type": "refresh_token", "refresh_token": token}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if provider.secret and provider.CLIENT_AUTH == "basic":
        # RFC 6749, section 2.3.1: both are encoded as in a form.
        pair = f"{quote_plus(provider.CLIENT_ID)}:{quote_plus(provider.secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        body["client_id"] = provider.CLIENT_ID
        if provider.secret:
            body["client_secret"] = provider.secret
    status, said = _send(
        provider, document.get("token_endpoint"), "POST", headers, urlencode(body).encode()
    )
    if status == 200 and isinstance(said.get("access_token"), str):
        new = said.get("refresh_token")
        return Verdict.STANDS, new if isinstance(new, str) else ""
    if status in {400, 401} and said.get("error") == "invalid_grant":
        return Verdict.ENDED, ""
    error = said.get("error")
    of_token = status in {400, 403} and isinstance(error, str) and error not in OF_CLIENT
    raise FetchFailed(
        f"the token endpoint answered with status {status}, {error!r:.40}.",
        OF_ONE_LOGIN if of_token else "refused",
    )


def _read_userinfo(link: ProviderLink, provider: Provider, token: str) -> tuple[Verdict, str]:
    """Ask for the user's data. They count only if they are of the user who has logged in."""
    document = metadata.find_document(provider)
    headers = {"Authorization": f"Bearer {token}"}
    status, said = _send(provider, document.get("userinfo_endpoint"), "GET", headers)
    if status == 200 and said.get("sub") == link.subject:
        return Verdict.STANDS, ""
    if status == 401:
        return Verdict.ENDED, ""
    message = f"the userinfo endpoint answered with status {status}."
    raise FetchFailed(message, OF_ONE_LOGIN if status == 403 else "refused")


_ASK: Mapping[str, Callable[[ProviderLink, Provider, str], tuple[Verdict, str]]] = {
    "refresh_token": _refresh,
    "userinfo": _read_userinfo,
}


def _send(
    provider: Provider, url: Any, method: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON object of an answer, ``{}`` if it has none."""
    if not isinstance(url, str):
        raise FetchFailed("the provider publishes no such endpoint.")
    trusted = provider.is_trusted_network
    answer = fetch.send(method, url, trusted_network=trusted, headers=headers, body=body)
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    return answer.status, said if isinstance(said, dict) else {}


def _rows() -> QuerySet[ProviderLink]:
    return ProviderLink.objects.using(registry.database())


@cached_until_setting_changes("LOGOUT", "DATABASES")
def _good_until() -> BoundedDict[UUID, float]:
    """Return until when each session needs no check, by the clock of this process."""
    return BoundedDict()


@cached_until_setting_changes("LOGOUT", "DATABASES")
def _silent_until() -> dict[str, float]:
    """Return until when each provider that has not answered is not asked."""
    return {}
