"""Verify logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6).

The issuer is looked up before anything else, so an unknown one costs neither cryptography nor a
fetch. What a token's header says of keys is not used, but for the key's id.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from django.utils import timezone

from django_logout.conf import as_timedelta
from django_logout.federation import metadata, providers
from django_logout.federation.providers import Provider

#: The member of ``events`` that makes a token a logout token.
EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: The types that a logout token may have, in lower case. Many providers send none, or ``JWT``.
LOGOUT_TYPES = frozenset({"logout+jwt", "application/logout+jwt"})
TYPES = LOGOUT_TYPES | {"jwt", ""}
#: The longest token, in characters.
MAX_LENGTH = 16 * 1024
#: The longest identifier, in characters.
MAX_NAME = 255
#: What JSON can hold in a string, and a database cannot: NUL, and halves of characters.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: The longest validity of a token, in seconds. Section 4 asks for at most two minutes.
MAX_VALIDITY = 15 * 60
#: How long a token without ``exp`` is accepted, in seconds (``TOKENS_WITHOUT_EXP``).
VALIDITY_WITHOUT_EXP = 120
#: How many keys are tried for a token that names none.
MAX_KEYS = 10


class Refused(Exception):
    """A logout token, or a request with one, is not accepted. The message is for the log only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutToken:
    """What a verified logout token says."""

    provider: Provider
    jti: str
    subject: str
    sid: str
    issued_at: datetime
    expires_at: datetime


def verify_logout_token(raw: str) -> LogoutToken:
    """Return what a logout token says. Raises :class:`Refused` if it is not valid in every respect."""
    header, unverified = _read(raw)
    provider = _find_provider(unverified)
    algorithm = header.get("alg")
    if algorithm not in provider.ALGORITHMS or algorithm == "none":
        raise Refused(f"the algorithm is {algorithm!r:.40}")
    kind = header.get("typ", "")
    known = LOGOUT_TYPES if provider.REQUIRE_TYP else TYPES
    if not isinstance(kind, str) or kind.lower() not in known:
        raise Refused(f"the type is {kind!r:.40}")
    # Most forgeries are refused here, before they cost a query or cryptography.
    _interpret(unverified, provider)
    return _interpret(_verify(raw, provider, algorithm, header.get("kid")), provider)


def _read(raw: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the header and the claims, unverified."""
    # Five parts would be an encrypted token (section 2.6, step 1), which is not supported.
    if len(raw) > MAX_LENGTH or raw.count(".") != 2:
        raise Refused("it is no signed token")
    try:
        parts = jwt.decode_complete(raw, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Refused("it is malformed") from error
    return parts["header"], parts["payload"]


def _interpret(claims: Mapping[str, Any], provider: Provider) -> LogoutToken:
    """Return what claims say that may be forged."""
    _check_event(claims)
    issued_at, expires_at = _check_times(claims, provider)
    names = {name: _name_in(claims, name) for name in ("jti", "sub", "sid")}
    if not names["jti"]:
        raise Refused("it has no jti")
    if not (names["sub"] or names["sid"]):
        raise Refused("it has neither sub nor sid")
    return LogoutToken(
        provider=provider,
        jti=names["jti"],
        subject=names["sub"],
        sid=names["sid"],
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _find_provider(claims: Mapping[str, Any]) -> Provider:
    found = providers.by_issuer(claims.get("iss"))
    if not found:
        raise Refused("its issuer is unknown")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    for provider in found:
        if provider.CLIENT_ID in audiences:
            return provider
    raise Refused("it is for another client")


def _verify(raw: str, provider: Provider, algorithm: str, key_id: Any) -> Mapping[str, Any]:
    """Return the claims of a token whose signature, issuer, audience and times are right."""
    required = ["iss", "aud", "iat", "jti", "events"]
    if not provider.TOKENS_WITHOUT_EXP:
        required.append("exp")
    for key in _find_keys(provider, algorithm, key_id):
        try:
            claims: Mapping[str, Any] = jwt.decode(
                raw,
                key,
                algorithms=[algorithm],
                audience=provider.CLIENT_ID,
                issuer=provider.ISSUER,
                leeway=as_timedelta(provider.LEEWAY),
                options={"require": required},
            )
        except (jwt.InvalidSignatureError, jwt.InvalidKeyError):
            continue
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Refused(f"it is not valid: {type(error).__name__}") from error
        return claims
    raise Refused("no key of the provider has signed it")


def _find_keys(provider: Provider, algorithm: str, key_id: Any) -> list[Any]:
    if algorithm.startswith("HS"):
        return [provider.secret] if provider.secret else []
    found = []
    for jwk in metadata.find_keys(provider, key_id)[:MAX_KEYS]:
        if not _is_to_verify(jwk):
            continue
        try:
            found.append(jwt.PyJWK(jwk, algorithm=algorithm))
        except (jwt.PyJWTError, ValueError, TypeError):
            continue  # A key for another algorithm.
    return found


def _is_to_verify(jwk: Mapping[str, Any]) -> bool:
    """Return whether a published key is for signatures (RFC 7517, sections 4.2 and 4.3)."""
    operations = jwk.get("key_ops")
    verifies = not isinstance(operations, list) or "verify" in operations
    return verifies and jwk.get("use", "sig") == "sig" and jwk.get("kty") != "oct"


def _check_event(claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    if not (isinstance(events, dict) and isinstance(events.get(EVENT), dict)):
        raise Refused("it has no logout event")
    if "nonce" in claims:
        raise Refused("it has a nonce, so it may be an ID token")


def _check_times(claims: Mapping[str, Any], provider: Provider) -> tuple[datetime, datetime]:
    """Return when the token was issued and when it expires, by the provider's clock."""
    issued, expires = _seconds(claims, "iat"), claims.get("exp")
    leeway, now = as_timedelta(provider.LEEWAY).total_seconds(), timezone.now().timestamp()
    if expires is None and provider.TOKENS_WITHOUT_EXP:
        expires = issued + VALIDITY_WITHOUT_EXP
    else:
        expires = _seconds(claims, "exp")
    if not issued - leeway <= now < expires + leeway:
        raise Refused("it is too old, or from the future: are both clocks right?")
    if expires - issued > MAX_VALIDITY:
        raise Refused("it is valid for too long")
    return datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(expires, UTC)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"its {name} is no number")
    return value


def _name_in(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_NAME or UNSTORABLE.search(value):
        raise Refused(f"its {name} is no short string")
    return value
