"""Logout tokens, good and hostile. Each hostile one gets the same answer, and ends nothing."""

import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from django_logout.federation import metadata, tokens
from django_logout.federation.models import ProviderMetadata, ProviderNotice
from tests.projects.federation.conftest import (
    CLIENT_ID,
    EVENT,
    ISSUER,
    KEY,
    OTHER_KEY,
    claims,
    log_in,
    part,
    public,
    send,
    sign,
    token,
    who,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = time.time
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(payload: bytes = b"", **header: Any) -> str:
    """Return a token with a good signature."""
    return sign(payload or json.dumps(claims()).encode(), KEY, **header)


def unsigned(**changes: Any) -> str:
    """Return a token without a signature."""
    head = part(json.dumps({"alg": "none"}).encode())
    return f"{head}.{part(json.dumps(claims(**changes)).encode())}."


def hmac_with_public_key() -> str:
    """Return a token that is signed with the public key as if it were a secret."""
    head = part(json.dumps({"alg": "HS256", "kid": "1"}).encode())
    head += f".{part(json.dumps(claims()).encode())}"
    return f"{head}.{part(hmac.digest(PEM, head.encode(), 'sha256'))}"


def twice(name: str, value: Any) -> bytes:
    """Return the claims of a good token, and one of them once more."""
    return (
        json.dumps(claims())[:-1].encode() + f", {json.dumps(name)}: {json.dumps(value)}}}".encode()
    )


def with_header(header: Any) -> str:
    """Return a good token with another header."""
    return f"{part(json.dumps(header).encode())}.{token().partition('.')[2]}"


HOSTILE = {
    # The Foundation's modules for relying parties (back-channel-logout-rp-basic).
    "oidcc-backchannel-alg-none": unsigned,
    "oidcc-backchannel-wrong-alg": lambda: token(EC_KEY, algorithm="ES256", headers={"kid": "ec"}),
    "oidcc-backchannel-no-event": lambda: token(events=None),
    "oidcc-backchannel-wrong-event": lambda: token(events={"https://example.com/event": {}}),
    "oidcc-backchannel-with-nonce": lambda: token(nonce="n"),
    "oidcc-backchannel-wrong-aud": lambda: token(aud="other"),
    "oidcc-backchannel-wrong-iss": lambda: token(iss="https://other.example"),
    # What they leave out.
    "neither sub nor sid": lambda: token(sub=None),
    "empty sub and sid": lambda: token(sub="", sid=""),
    "no jti": lambda: token(jti=None),
    "empty jti": lambda: token(jti=""),
    "long jti": lambda: token(jti="j" * 256),
    "no iat": lambda: token(iat=None),
    "no exp": lambda: token(exp=None),
    "no aud": lambda: token(aud=None),
    "no iss": lambda: token(iss=None),
    "expired": lambda: token(iat=int(NOW()) - 300, exp=int(NOW()) - 180),
    "from the future": lambda: token(iat=int(NOW()) + 300, exp=int(NOW()) + 420),
    "not yet valid": lambda: token(nbf=int(NOW()) + 300),
    "valid for too long": lambda: token(exp=int(NOW()) + 86400),
    "iat is text": lambda: token(iat="now"),
    "iat is true": lambda: signed(json.dumps({**claims(), "iat": True}).encode()),
    "iat is infinite": lambda: signed(json.dumps({**claims(), "iat": 1e999}).encode()),
    "iat is huge": lambda: token(iat=-(10**18), exp=-(10**18) + 60),
    "exp is text": lambda: token(exp="later"),
    "sid is a number": lambda: token(sid=7),
    "sub is a list": lambda: signed(json.dumps({**claims(), "sub": ["1"]}).encode()),
    "iat is a string of digits": lambda: signed(
        json.dumps({**claims(), "iat": str(int(NOW()))}).encode()
    ),
    "iat is NaN": lambda: signed(json.dumps({**claims(), "iat": float("nan")}).encode()),
    "iat is negative": lambda: token(iat=-1),
    "exp is NaN": lambda: signed(json.dumps({**claims(), "exp": float("nan")}).encode()),
    "exp is null": lambda: signed(json.dumps({**claims(), "exp": None}).encode()),
    "exp is before iat, by years": lambda: token(exp=-1),
    "sid with half a character": lambda: token(sid="\ud800"),
    "jti with half a character": lambda: token(jti="\ud800"),
    "the last of two issuers": lambda: signed(twice("iss", "https://evil.example")),
    "the last of two audiences": lambda: signed(twice("aud", "other")),
    "the last of two events": lambda: signed(twice("events", {})),
    "iss with a slash": lambda: token(iss=f"{ISSUER}/"),
    "iss in capitals": lambda: token(iss=ISSUER.upper()),
    "kid is a path": lambda: signed(kid="../../../../dev/null"),
    "kid is a list": lambda: signed(kid=["1"]),
    "alg is a list": lambda: with_header({"alg": ["RS256"], "kid": "1"}),
    "alg in small letters": lambda: with_header({"alg": "rs256", "kid": "1"}),
    "typ is null": lambda: with_header({"alg": "RS256", "kid": "1", "typ": None}),
    "empty crit": lambda: signed(crit=[]),
    "unencoded payload": lambda: signed(crit=["b64"], b64=False),
    "aud is an object": lambda: signed(json.dumps({**claims(), "aud": {CLIENT_ID: 1}}).encode()),
    "a number of 5000 digits": lambda: signed(
        twice("x", 0).replace(b": 0}", b": " + b"9" * 5000 + b"}")
    ),
    "sid with a null": lambda: token(sid="a\x00"),
    "events is a list": lambda: token(events=[EVENT]),
    "event is no object": lambda: token(events={EVENT: "yes"}),
    "nonce is null": lambda: signed(json.dumps({**claims(), "nonce": None}).encode()),
    "of another key": lambda: token(OTHER_KEY),
    "unknown kid": lambda: token(headers={"kid": "unknown"}),
    "kid is a number": lambda: signed(kid=7),
    "an access token": lambda: token(headers={"typ": "at+jwt"}),
    "a security event": lambda: token(headers={"typ": "secevent+jwt"}),
    "typ is a list": lambda: signed(typ=["JWT"]),
    "unknown crit": lambda: signed(crit=["x"], x=1),
    "embedded key": lambda: token(OTHER_KEY, headers={"kid": None, "jwk": public(OTHER_KEY)}),
    "key by URL": lambda: token(OTHER_KEY, headers={"jku": "https://evil.example/keys"}),
    "the public key as a secret": hmac_with_public_key,
    "payload is a list": lambda: signed(b"[1]"),
    "payload is no JSON": lambda: signed(b"{"),
    "payload is deep": lambda: signed(b'{"a":' * 1500 + b"1" + b"}" * 1500),
    "header is a list": lambda: f"{part(b'[1]')}.{part(b'{}')}.x",
    "iss is a list": lambda: token(iss=["https://op.example"]),
    "aud is a number": lambda: signed(json.dumps({**claims(), "aud": 7}).encode()),
    "encrypted": lambda: "a.b.c.d.e",
    "empty": lambda: "",
    "no token": lambda: "junk",
    "not ASCII": lambda: "ä.ö.ü",
    "too long": lambda: token(padding="p" * 20_000),
    "tampered": lambda: token().replace(".", ".A", 1),
    "without its signature": lambda: token().rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_token_is_refused_and_harmless(user: Any, fetched: Any, make: Any) -> None:
    """BCL-3 to BCL-14, BCL-20: 400, the same body for all, no row, no session less, no fetch."""
    browser = log_in(user, sid="A")
    response = send(make())
    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_request",
        "error_description": "The logout token was not accepted.",
    }
    assert response["Cache-Control"].count("no-store")
    assert who(browser) == ["ann"]
    assert not ProviderNotice.objects.exists()
    assert fetched["count"] == 0  # The keys were fetched a moment ago.


#: What is wrong with these is seen without a key. So they cost neither cryptography nor a query.
CHEAP = [
    *(name for name in HOSTILE if name.startswith("oidcc-")),
    *(
        "neither sub nor sid",
        "no jti",
        "no iat",
        "no exp",
        "expired",
        "from the future",
        "iat is NaN",
    ),
    *(
        "valid for too long",
        "events is a list",
        "nonce is null",
        "an access token",
        "iss with a slash",
    ),
    *("junk", "too long", "encrypted", "alg is a list", "kid is a list"),
]


@pytest.mark.parametrize("name", [name for name in CHEAP if name in HOSTILE])
def test_hostile_token_is_refused_before_its_signature_is_checked(
    name: str, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """Design: the issuer first, the cryptography last."""
    raw = HOSTILE[name]()

    def find_keys(*args: Any) -> Any:
        raise AssertionError("A key is looked for.")

    monkeypatch.setattr(tokens, "_find_keys", find_keys)
    with django_assert_num_queries(0), pytest.raises(tokens.Refused):
        tokens.verify_logout_token(raw)


def test_error_in_a_key_is_logged_as_a_refusal(user: Any, caplog: Any) -> None:
    """A token that names half a character cannot be stored. It is no error of ours."""
    assert send(token(jti="\ud800")).status_code == 400
    assert [each.exc_info for each in caplog.records] == [None]


def test_key_for_encryption_is_not_used(user: Any, published: ProviderMetadata) -> None:
    """It says so by ``use`` or by ``key_ops`` (RFC 7517, section 4.2 and 4.3)."""
    browser = log_in(user)
    key = public(KEY)
    for limited in ({**key, "use": "enc"}, {**key, "use": None, "key_ops": ["encrypt"]}):
        published.keys = [{name: value for name, value in limited.items() if value}]
        published.save()
        metadata._remembered.cache_clear()
        assert send(token()).status_code == 400
    assert who(browser) == ["ann"]
    published.keys = [{**key, "key_ops": ["verify"]}]
    published.save()
    metadata._remembered.cache_clear()
    assert send(token()).status_code == 200


GOOD = {
    "oidcc-backchannel-rpinitlogout": lambda: token(sid="A", extra={"claim": [1]}),
    "sid alone": lambda: token(sid="A", sub=None),
    "sub alone": token,
    "several audiences": lambda: token(aud=["other", CLIENT_ID]),
    "no type": lambda: token(headers={"typ": None}),
    "JWT": lambda: token(headers={"typ": "JWT"}),
    "the long type": lambda: token(headers={"typ": "application/logout+jwt"}),
    "no kid": lambda: token(headers={"kid": None}),
    "more events": lambda: token(events={EVENT: {"x": 1}, "https://example.com/e": {}}),
    "a clock that is 20 s fast": lambda: token(iat=int(NOW()) + 20, exp=int(NOW()) + 140),
    "a clock that is slow": lambda: token(iat=int(NOW()) - 140, exp=int(NOW()) - 20),
    "times with fractions": lambda: token(iat=NOW(), exp=NOW() + 60),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_good_token_ends_the_session(user: Any, make: Any) -> None:
    """BCL-15, BCL-19, BCL-21: 200, and nothing is stored by a cache."""
    browser = log_in(user, sid="A", iat=NOW() - 300)
    response = send(make(), ignored_parameter="x")
    assert (response.status_code, response.content) == (200, b"")
    assert "no-store" in response["Cache-Control"]
    assert who(browser) == [""]


def test_type_can_be_required(user: Any, set_provider: Any) -> None:
    """ASVS 10.5.5."""
    set_provider(REQUIRE_TYP=True)
    browser = log_in(user)
    assert send(token(headers={"typ": "JWT"})).status_code == 400
    assert who(browser) == ["ann"]
    assert send(token()).status_code == 200
    assert who(browser) == [""]


def test_token_without_exp_is_accepted_for_two_minutes(user: Any, set_provider: Any) -> None:
    """BCL-8, as Hydra and glewlwyd send it, if the setting says so."""
    set_provider(PRESET="glewlwyd")
    browser = log_in(user, iat=NOW() - 600)
    assert send(token(exp=None, iat=int(NOW()) - 200)).status_code == 400
    assert who(browser) == ["ann"]
    assert send(token(exp=None)).status_code == 200
    assert who(browser) == [""]


def test_the_algorithms_are_those_that_are_registered(
    user: Any, set_provider: Any, published: ProviderMetadata
) -> None:
    """BCL-5: the key set may hold others. A key of another kind is passed over."""
    published.keys = [
        {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "1"},
        {"kid": "1", "kty": "oct", "k": "c2VjcmV0"},
        {**public(OTHER_KEY), "use": "enc"},
        {"kid": "1", "kty": "unknown"},
        public(KEY),
    ]
    published.save()
    browser = log_in(user)
    set_provider(ALGORITHMS=["ES256"])
    assert send(token()).status_code == 400
    assert who(browser) == ["ann"]
    assert send(token(EC_KEY, algorithm="ES256")).status_code == 200
    assert who(browser) == [""]


def test_the_secret_of_the_client_signs_only_where_that_is_registered(
    user: Any, set_provider: Any
) -> None:
    """HS256, by a secret that a callable returns."""
    secret = "s" * 64
    signed = token(secret, algorithm="HS256")
    browser = log_in(user)
    set_provider(CLIENT_SECRET=secret)
    assert send(signed).status_code == 400
    set_provider(ALGORITHMS=["HS256"], CLIENT_SECRET="")
    assert send(signed).status_code == 400
    set_provider(ALGORITHMS=["HS256"], CLIENT_SECRET=lambda: secret)
    assert send(signed).status_code == 200
    assert who(browser) == [""]


def test_several_clients_at_one_issuer(user: Any, settings: Any) -> None:
    """BCL-27: the audience tells them apart."""
    one = settings.LOGOUT["PROVIDERS"]["op"]
    two = {**one, "CLIENT_ID": "vans"}
    settings.LOGOUT = {"PROVIDERS": {"op": one, "second": two}}
    browser = log_in(user)
    assert send(token(aud="bikes")).status_code == 400
    assert who(browser) == ["ann"]
    assert tokens.verify_logout_token(token()).provider.alias == "op"
