"""A provider whose keys the tests have, and sessions that were logged in there."""

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.test import Client
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm, get_default_algorithms

from django_logout.federation import metadata, views
from django_logout.federation.digests import digest
from django_logout.federation.fetch import FetchFailed
from django_logout.federation.models import ProviderMetadata
from tests.clients import logged_in_as

EVENT = "http://schemas.openid.net/event/backchannel-logout"
ISSUER = "https://op.example"
CLIENT_ID = "cars"
FORM = "application/x-www-form-urlencoded"


def make_key() -> Any:
    """Return a new private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def shared_key(path: str) -> Any:
    """Return the key in a file, which the first of several processes writes."""
    file = Path(path)
    if not file.exists():
        kind = PrivateFormat.PKCS8, NoEncryption()
        file.write_bytes(make_key().private_bytes(Encoding.PEM, *kind))
    return load_pem_private_key(file.read_bytes(), password=None)


KEY = shared_key(os.environ["FEDERATION_KEY"]) if "FEDERATION_KEY" in os.environ else make_key()
OTHER_KEY = make_key()


def public(key: Any, kid: str = "1") -> dict[str, Any]:
    """Return the public half of a key, as a provider publishes it."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good logout token; a change to ``None`` takes one away."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": uuid4().hex,
        "events": {EVENT: {}},
        "sub": "1",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def part(data: bytes) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(payload: bytes, key: Any, algorithm: str = "RS256", **header: Any) -> str:
    """Return a token of any header and payload, also of such as no library would write."""
    given = {"alg": algorithm, "kid": "1", "typ": "logout+jwt", **header}
    kept = {name: value for name, value in given.items() if value is not None}
    message = f"{part(json.dumps(kept).encode())}.{part(payload)}"
    method = get_default_algorithms()[algorithm]
    return f"{message}.{part(method.sign(message.encode(), method.prepare_key(key)))}"


def token(key: Any = KEY, *, headers: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
    """Return a logout token."""
    return sign(json.dumps(claims(**changes)).encode(), key, algorithm, **(headers or {}))


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create the tables by the migrations, which are the project's own here."""
    return True


@pytest.fixture(autouse=True)
def published(db: None) -> ProviderMetadata:
    """What the provider publishes, as if it had been fetched a moment ago."""
    metadata._remembered.cache_clear()
    for limit in (views._refusals, views._faults):
        limit.reset()
    now = timezone.now()
    return ProviderMetadata.objects.create(
        issuer_digest=digest(ISSUER, "op"),
        issuer=ISSUER,
        document={"issuer": ISSUER, "end_session_endpoint": f"{ISSUER}/end"},
        keys=[public(KEY)],
        fetched_at=now,
        tried_at=now,
    )


def send(raw: str | None, **more: Any) -> Any:
    """Post a logout token as a provider does: without a cookie, and without a CSRF token."""
    body = urlencode({**({} if raw is None else {"logout_token": raw}), **more})
    browser = Client(enforce_csrf_checks=True)
    return browser.post("/backchannel/", body, content_type=FORM)


def log_in(user: Any, **facts: Any) -> Client:
    """Return a browser that has logged in through the provider."""
    browser = Client()
    browser.force_login(user)
    assert browser.get("/link/", {"subject": "1", **facts}).content == b"linked"
    return browser


def who(*browsers: Client) -> list[str]:
    """Return as whom browsers are served."""
    return [logged_in_as(browser) for browser in browsers]


@pytest.fixture
def set_provider(settings: Any) -> Callable[..., None]:
    """Change keys of the provider's setting."""

    def change(**keys: Any) -> None:
        provider = settings.LOGOUT["PROVIDERS"]["op"]
        settings.LOGOUT = {**settings.LOGOUT, "PROVIDERS": {"op": {**provider, **keys}}}

    return change


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is at each URL; the fetches are counted under ``count``."""
    documents: dict[str, Any] = {"count": 0}

    def fetch(url: str, *, trusted_network: bool) -> Any:
        documents["count"] += 1
        if url not in documents:
            raise FetchFailed(f"{url} could not be fetched.")
        return documents[url]

    monkeypatch.setattr(metadata, "fetch_json", fetch)
    return documents
