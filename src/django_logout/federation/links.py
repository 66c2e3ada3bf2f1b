"""The links between the logins of a provider and the sessions of this site.

This is the only module that writes them::

    from django_logout.federation import links

    links.record(request, "keycloak", id_token=raw)  # after the login
    links.of(request)  # the newest link of the session, or None
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, TypedDict, Unpack
from uuid import UUID

import jwt
from django.contrib.auth import SESSION_KEY
from django.db import connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from django_logout.conf import as_timedelta
from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.federation import providers
from django_logout.federation.digests import digest
from django_logout.federation.models import ProviderLink, ProviderNotice
from django_logout.federation.sealing import seal, unseal
from django_logout.guard.install import session_of
from django_logout.guard.store import GuardedStore
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.types import Target
from django_logout.utils.transactions import in_transaction, retry

#: The key of the session's data that names its providers, so that others cost no query.
MARK = "_django_logout_providers"

MAX_NAME = 255
#: Attribute of requests: what is recorded of the login that they make; ``None`` once that is done.
EXPECTED = "_django_logout_expected_login"
TOKENS = ("id_token", "refresh_token", "access_token")


class Claims(NamedTuple):
    """What an ID token says of a login at a provider."""

    issuer: str = ""
    subject: str = ""
    sid: str = ""
    issued_at: datetime | None = None
    audiences: tuple[str, ...] = ()


class LoginFacts(NamedTuple):
    """What is recorded of a login at a provider."""

    provider: str
    issuer: str
    subject: str
    sid: str
    issued_at: datetime | None
    id_token: str = ""
    refresh_token: str = ""
    access_token: str = ""


class Known(TypedDict, total=False):
    """What a library knows of a login at a provider."""

    issuer: str
    subject: str
    sid: str
    "The name of the session at the provider."
    issued_at: datetime | None
    "The ``iat`` of the ID token: the provider's clock."
    id_token: str
    "The raw ID token, which the library has verified."
    claims: Mapping[str, Any] | None
    "What the ID token says, where the library keeps no more of it."
    refresh_token: str
    "Kept only if the provider's ``RECHECK`` needs it, like the next."
    access_token: str


def record(request: HttpRequest, provider: str = "", **known: Unpack[Known]) -> ProviderLink:
    """Record that the session of a request was logged in through a provider. Call it after the login.

    ``provider`` is its key in ``LOGOUT["PROVIDERS"]``; without it, the issuer tells. ``known`` are the
    fields of :class:`Known`, as far as they are: what is missing is read from the ID token.

    Raises ``ValueError`` if no user is logged in, or neither a subject nor a session at the provider
    is known, or no issuer.
    """
    return record_facts(request, find_facts(provider, **known))


def expect(request: HttpRequest, provider: str = "", **known: Unpack[Known]) -> None:
    """Have the login recorded that this request is about to make. Call it before the login.

    It takes what :func:`record` takes. A login that has to wait until its user has chosen which
    sessions end is recorded once it is complete.
    """
    vars(request)[EXPECTED] = find_facts(provider, **known)


def record_expected(request: HttpRequest) -> None:
    """Record what is expected of the request's login, unless that has been done."""
    if facts := vars(request).get(EXPECTED):
        vars(request)[EXPECTED] = None
        record_facts(request, facts)


def find_facts(provider: str = "", **known: Unpack[Known]) -> LoginFacts:
    """Return what is known of a login, with what its ID token says.

    Raises ``ValueError`` if that is not enough to recognize it.
    """
    id_token, claims = known.get("id_token", ""), known.get("claims")
    said = claims_of(claims) if claims is not None else read_claims(id_token)
    configured = providers.configured().get(provider)
    issuer = known.get("issuer") or said.issuer or (configured.ISSUER if configured else "")
    subject, sid = known.get("subject") or said.subject, known.get("sid") or said.sid
    _check(issuer, subject, sid)
    alias = (provider or alias_of(issuer, said.audiences))[:100]
    issued_at = known.get("issued_at") or said.issued_at
    tokens = id_token, known.get("refresh_token", ""), known.get("access_token", "")
    return LoginFacts(alias, issuer, subject, sid, issued_at, *tokens)


def record_facts(request: HttpRequest, facts: LoginFacts) -> ProviderLink:
    """Link the session of a request. Raises ``ValueError`` if no user is logged in."""
    session, session_id = _registered_session(request)
    link = ProviderLink(
        session_id=session_id,
        provider=facts.provider,
        issuer=facts.issuer,
        subject=facts.subject,
        sid=facts.sid,
        subject_digest=digest(facts.issuer, facts.subject),
        sid_digest=digest(facts.issuer, facts.sid),
        issued_at=facts.issued_at,
        id_token=seal(facts.id_token),
        recheck_token=seal(_token_to_keep(facts)),
    )
    _store(link)
    session[MARK] = list(dict.fromkeys([*session.get(MARK, ()), link.provider]))
    # The provider may have logged this login out while it was in progress. Its notice was stored
    # before it looked for links, and this link was stored before we look for notices.
    database = registry.database()
    if in_transaction(database):
        # If it fails, so does the request: the browser must not get a session that is to end.
        transaction.on_commit(partial(end_if_logged_out, link), using=database)
    else:
        end_if_logged_out(link)
    return link


def pack_facts(facts: LoginFacts, *, with_tokens: bool) -> dict[str, Any]:
    """Return facts as JSON, for a login that waits. The tokens are encrypted, or left out."""
    tokens = {name: seal(getattr(facts, name)) if with_tokens else "" for name in TOKENS}
    moment = facts.issued_at.timestamp() if facts.issued_at else None
    return {**facts._asdict(), **tokens, "issued_at": moment}


def unpack_facts(packed: Mapping[str, Any]) -> LoginFacts:
    """Return what :func:`pack_facts` has packed."""
    moment = packed["issued_at"]
    issued_at = None if moment is None else datetime.fromtimestamp(moment, UTC)
    tokens = {name: unseal(packed[name]) for name in TOKENS}
    return LoginFacts(**{**packed, **tokens, "issued_at": issued_at})


def read_claims(id_token: str) -> Claims:
    """Return what an ID token says. It is not verified: the library of the login has done that."""
    if not id_token:
        return Claims()
    try:
        claims = jwt.decode(id_token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise ValueError("id_token is no JSON web token.") from error
    return claims_of(claims)


def claims_of(claims: Mapping[str, Any]) -> Claims:
    """Return what the claims of an ID token say; what is of a wrong type is left out."""

    def text(name: str) -> str:
        value = claims.get(name)
        return value if isinstance(value, str) else ""

    issued, audience, moment = claims.get("iat"), claims.get("aud"), None
    if isinstance(issued, int | float) and not isinstance(issued, bool):
        with suppress(ValueError, OverflowError, OSError):
            moment = datetime.fromtimestamp(issued, UTC)
    audiences = tuple(audience) if isinstance(audience, list) else (text("aud"),)
    return Claims(text("iss"), text("sub"), text("sid"), moment, audiences)


def alias_of(issuer: str, audiences: Iterable[str]) -> str:
    """Return the key in ``LOGOUT["PROVIDERS"]`` of the client that a token was issued for; the
    issuer, if none is configured."""
    found = providers.by_issuer(issuer)
    own = [provider for provider in found if provider.CLIENT_ID in audiences]
    return next((provider.alias for provider in own or found), issuer)


def of(request: HttpRequest) -> ProviderLink | None:
    """Return the newest link of the request's session, or ``None``. Without a link, it costs no
    query."""
    return next(iter(all_of(request)), None)


def all_of(request: HttpRequest) -> list[ProviderLink]:
    """Return all links of the request's session, the newest first."""
    if not is_linked(request):
        return []
    session: Any = session_of(request)
    return list(_links().filter(session_id=session.identity.id).order_by("-linked_at", "-pk"))


def is_linked(request: HttpRequest) -> bool:
    """Return whether the request's session was logged in through a provider. This is no query."""
    session = session_of(request)
    return isinstance(session, GuardedStore) and MARK in session and session.identity is not None


def matching(
    issuer: str, *, sid: str = "", subject: str = "", before: datetime | None = None
) -> QuerySet[LoginSession]:
    """Return the sessions that a provider means.

    With ``sid``, those of one session there, and of the subject, if that is given as well; without,
    all of the subject (Back-Channel Logout, section 2.7). ``before`` is by the provider's clock.
    """
    return _sessions_with(
        _means(digest(issuer, sid), digest(issuer, subject)), before, _leeway(issuer)
    )


def matching_notice(notice: ProviderNotice) -> QuerySet[LoginSession]:
    """Return the sessions that a notice of a provider means."""
    means = _means(notice.sid_digest, notice.subject_digest)
    provider = providers.configured().get(notice.provider)
    if provider is not None and provider.SID_OPTIONAL and notice.sid_digest:
        of_subject = Q(subject_digest=notice.subject_digest) & ~Q(subject_digest="")
        means |= Q(sid_digest="") & of_subject
    return _sessions_with(means, notice.issued_at, _leeway(notice.issuer))


def end_if_logged_out(link: ProviderLink) -> None:
    """End the session of a new link if its provider has logged it out meanwhile."""
    notices = ProviderNotice.objects.using(registry.database())
    of_sid = Q(sid_digest=link.sid_digest) & ~Q(sid_digest="")
    of_subject = Q(subject_digest=link.subject_digest) & ~Q(subject_digest="")
    since = link.issued_at or link.linked_at - _leeway(link.issuer)
    found = notices.filter(of_sid | of_subject, issued_at__gte=since)
    if any(notice for notice in found if matching_notice(notice).filter(pk=link.session_id)):
        pipeline.end_sessions(Target.session(link.session_id), reason=Reason.PROVIDER)


def forget_tokens(session_ids: Iterable[UUID]) -> None:
    """Delete the stored tokens of sessions that have ended."""
    _forget(_links().filter(session_id__in=list(session_ids)))


def forget_tokens_of_ended() -> None:
    """Delete the stored tokens of all sessions that have ended."""
    ended = registry.sessions().filter(pk=OuterRef("session"), ended_at__isnull=False)
    _forget(_links().filter(Exists(ended)))


def _forget(rows: QuerySet[ProviderLink]) -> None:
    rows.exclude(id_token="", recheck_token="").update(id_token="", recheck_token="")


def titles(session_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return through which providers sessions were logged in, as users call them."""
    found: dict[UUID, str] = {}
    rows = _links().filter(session_id__in=list(session_ids)).order_by("linked_at", "pk")
    for session_id, alias in rows.values_list("session_id", "provider"):
        title = providers.title_of(alias)
        found[session_id] = f"{found[session_id]}, {title}" if session_id in found else title
    return found


def _links() -> QuerySet[ProviderLink]:
    return ProviderLink.objects.using(registry.database())


def _store(link: ProviderLink) -> None:
    """Write a link, or change the one that the session has with the provider, in one statement."""
    database = registry.database()
    fields = [field.name for field in link._meta.fields if field.name not in {"id", "session"}]
    features = connections[database].features
    unique = ["session", "provider"] if features.supports_update_conflicts_with_target else None
    how: dict[str, Any] = {"update_fields": [f for f in fields if f != "provider"]}
    write = partial(
        _links().bulk_create, [link], update_conflicts=True, unique_fields=unique, **how
    )
    retry(write, database)


def _registered_session(request: HttpRequest) -> tuple[GuardedStore, UUID]:
    """Return the session of a request, and its public id. Raises ``ValueError`` if it has none."""
    session = session_of(request)
    if not isinstance(session, GuardedStore) or SESSION_KEY not in session:
        raise ValueError("links.record() needs a session that is logged in. Call it after login().")
    session.adopt()  # It may be from before the installation.
    identity = session.identity
    if identity is None or not identity.registered:
        raise ValueError("links.record() needs a session of a user who exists.")
    return session, identity.id


def _token_to_keep(facts: LoginFacts) -> str:
    provider = providers.configured().get(facts.provider)
    if provider is None or not provider.RECHECK:
        return ""
    by_refresh = provider.RECHECK_BY == "refresh_token"
    return facts.refresh_token if by_refresh else facts.access_token


def _check(issuer: str, subject: str, sid: str) -> None:
    if not issuer:
        raise ValueError("links.record() needs the issuer, an ID token, or a known provider.")
    if not (subject or sid):
        raise ValueError("links.record() needs the subject or the session at the provider.")
    if max(map(len, (issuer, subject, sid))) > MAX_NAME:
        raise ValueError(f"links.record() takes names of at most {MAX_NAME} characters.")


def _means(sid_digest: str, subject_digest: str) -> Q:
    if sid_digest:
        means = Q(sid_digest=sid_digest)
        return means & Q(subject_digest=subject_digest) if subject_digest else means
    # An empty name means none; it must not match links that have none.
    return Q(subject_digest=subject_digest) & ~Q(subject_digest="")


def _leeway(issuer: str) -> Any:
    return max(
        (as_timedelta(provider.LEEWAY) for provider in providers.by_issuer(issuer)),
        default=as_timedelta(providers.Provider.LEEWAY),
    )


def _sessions_with(means: Q, before: datetime | None, leeway: Any) -> QuerySet[LoginSession]:
    links = _links().filter(means, session=OuterRef("pk"))
    if before is not None:
        # Both times are of the provider's clock; without the ID token's, ours has to do.
        known = Q(issued_at__lte=before)
        links = links.filter(known | Q(issued_at__isnull=True, linked_at__lte=before + leeway))
    return registry.sessions().filter(Exists(links))
