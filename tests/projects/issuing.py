"""A site that is an OpenID provider by one of two libraries, and what its applications see of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client

CALLBACK = "https://shop.example/callback"
SECRET = "a secret of the application's, and long enough to sign with"
PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


class Issuer(ABC):
    """The provider, as its library answers."""

    authorize_url: str
    token_url: str
    logout_url: str
    discovery_url: str
    #: Fields of an application whose browser gets ID tokens, too.
    hybrid: dict[str, str] = {}
    #: What a user sends who refuses a logout.
    refusal: dict[str, str] = {}

    @abstractmethod
    def register(self, client_id: str, **fields: Any) -> Any:
        """Return an application, which is registered if it is new."""

    @abstractmethod
    def with_return(self, uri: str) -> dict[str, Any]:
        """Return the fields of an application with a URI to come back to after a logout."""

    @abstractmethod
    def agreement(self, page: Any) -> dict[str, str]:
        """Return what a user sends who agrees to a logout; nothing if the page does not ask."""

    def authorize(
        self, browser: Client, client_id: str = "shop", *, kind: str = "code", **more: str
    ) -> dict[str, str]:
        """Approve an application in a browser, and return what it is redirected with."""
        self.register(client_id)
        asked = {
            "client_id": client_id,
            "response_type": kind,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "s",
            "nonce": "n",
            **more,
        }
        answer = self.approve(browser, asked)
        assert answer.status_code == 302, answer.content
        url = urlsplit(answer["Location"])
        return {name: values[0] for name, values in parse_qs(url.query or url.fragment).items()}

    @abstractmethod
    def approve(self, browser: Client, asked: dict[str, str]) -> Any:
        """Return the answer to the user's consent."""

    def ask(self, client_id: str, grant: str, **fields: str) -> Any:
        """Request tokens as the application's server: without a cookie."""
        about = {"client_id": client_id, "client_secret": SECRET, "grant_type": grant}
        return Client().post(self.token_url, {**about, **fields})

    def redeem(self, code: str, client_id: str = "shop") -> Any:
        """Exchange a code for tokens."""
        return self.ask(client_id, "authorization_code", code=code, redirect_uri=CALLBACK)

    def renew(self, tokens: dict[str, str], client_id: str = "shop") -> dict[str, str]:
        """Refresh the tokens."""
        answer = self.ask(client_id, "refresh_token", refresh_token=tokens["refresh_token"])
        assert answer.status_code == 200, answer.content
        found: dict[str, str] = answer.json()
        return found

    def log_in(self, browser: Client, client_id: str = "shop", **more: str) -> dict[str, Any]:
        """Log in to an application, and return its tokens."""
        answer = self.redeem(self.authorize(browser, client_id, **more)["code"], client_id)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def read(self, raw: str, client_id: str = "shop") -> dict[str, Any]:
        """Return the claims of a token that was issued to an application, verified by the keys that the site
        publishes."""
        document = Client().get(self.discovery_url).json()
        keys = Client().get(urlsplit(document["jwks_uri"]).path).json()["keys"]
        kid = jwt.get_unverified_header(raw)["kid"]
        key = jwt.PyJWK(next(key for key in keys if key["kid"] == kid))
        claims: dict[str, Any] = jwt.decode(
            raw, key, ["RS256"], audience=client_id, issuer=document["issuer"]
        )
        return claims


class Receiver(ThreadingHTTPServer):
    """An application that is told of logouts, and what it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/backchannel"
        self.status = 200
        #: Called before each answer.
        self.when_posted: Callable[[], Any] = lambda: None
        #: What was posted, as forms.
        self.heard: list[dict[str, str]] = []
        self.types: list[str] = []

    def tokens(self) -> list[dict[str, Any]]:
        """Return the claims of what was posted, unverified."""
        return [
            jwt.decode(form["logout_token"], options={"verify_signature": False})
            for form in self.heard
        ]

    def sids(self) -> list[str | None]:
        """Return which sessions have ended, ``None`` for all of the user."""
        return [claims.get("sid") for claims in self.tokens()]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.types.append(self.headers["Content-Type"])
        self.server.heard.append({name: values[0] for name, values in parse_qs(body).items()})
        self.server.when_posted()
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve until the block ends."""
    with Receiver() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
