"""``python -m bench.refusals``: what it costs a process of the site to refuse a forged logout token.

CPU time of the whole request, in microseconds, for each kind of forgery, and of two other requests to compare with. It is
not the time by the clock: on a busy machine, that says more of the others.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

ISSUER = "https://op.example"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
ROUNDS = 9
FORM = "application/x-www-form-urlencoded"


def forgeries(key: Any, wrong: Any) -> dict[str, Callable[[], str]]:
    """Return what makes a token of each kind."""
    import jwt

    now = int(time.time())
    good: dict[str, Any] = {"iss": ISSUER, "aud": "cars", "iat": now, "exp": now + 600}
    good |= {"events": {EVENT: {}}, "sub": "1"}

    def token(
        signed_by: Any = wrong, kid: str = "1", algorithm: str = "RS256", **claims: Any
    ) -> str:
        said = {**good, "jti": uuid4().hex, **claims}
        return jwt.encode(said, signed_by, algorithm, headers={"kid": kid})

    return {
        "not a token": lambda: "junk",
        "too long": lambda: token(padding="p" * 20_000),
        "of an unknown issuer": lambda: token(iss="https://evil.example"),
        "for another client": lambda: token(aud="vans"),
        "unsigned": lambda: jwt.encode({**good, "jti": "1"}, "", "none"),
        "signed by HS256": lambda: token("s" * 64, algorithm="HS256"),
        "expired": lambda: token(iat=now - 9000, exp=now - 8000),
        "without an event": lambda: token(events={}),
        "with a nonce": lambda: token(nonce="n"),
        "with an unknown key": lambda: token(kid=uuid4().hex),
        "without a key's name": lambda: jwt.encode({**good, "jti": "1"}, wrong, "RS256"),
        "with a known key, wrong signature": token,
    }


def cost(send: Callable[[str], int], bodies: list[str], status: int) -> float:
    """Return the CPU time of a request, in microseconds: the least of some rounds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for body in bodies:
            assert send(body) == status
        found.append((time.process_time() - begun) / len(bodies) * 1e6)
    return min(found)


def main() -> None:
    """Measure, and print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help="of a round, of each kind")
    requests = parser.parse_args().requests
    os.environ |= {"DJANGO_SETTINGS_MODULE": "bench.forged_settings", "FORGED_ISSUER": ISSUER}
    import django

    django.setup()
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.utils import timezone
    from jwt.algorithms import RSAAlgorithm

    from django_logout.federation.digests import digest
    from django_logout.federation.models import ProviderMetadata

    call_command("migrate", verbosity=0)
    key, wrong = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    now = timezone.now()
    published = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "1", "use": "sig"}
    ProviderMetadata.objects.create(
        issuer_digest=digest(ISSUER, "op"),
        issuer=ISSUER,
        document={"issuer": ISSUER},
        keys=[published],
        fetched_at=now,
        tried_at=now + timedelta(seconds=20),
    )
    application = get_wsgi_application()

    def send(method: str, path: str, body: str) -> int:
        status: list[int] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body.encode()),
            "wsgi.errors": io.StringIO(),
        }
        answer = application(environ, lambda line, headers: status.append(int(line[:3])))
        list(answer)
        answer.close()
        return status[0]

    print(
        f"{'a page without a user':36}{cost(lambda body: send('GET', '/quiet/', body), [''] * requests, 200):8.0f}"
    )
    for name, make in forgeries(key, wrong).items():
        bodies = [urlencode({"logout_token": make()}) for _ in range(requests)]
        print(
            f"{name:36}{cost(lambda body: send('POST', '/backchannel/', body), bodies, 400):8.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
