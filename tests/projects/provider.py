"""A provider of OpenID Connect on loopback, which knows one user and asks for one click."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT = {"client_id": "cars", "client_secret": "not a secret: these are tests"}
USER = {"sub": "1", "preferred_username": "ann", "email": "ann@example.com", "email_verified": True}


class Provider(ThreadingHTTPServer):
    """The server, and what it remembers: the codes and the tokens that it has given out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        #: Its sessions, the newest last: one for each login.
        self.sids: list[str] = []
        self.daemon_threads = True

    @property
    def configuration(self) -> dict[str, Any]:
        """What clients discover."""
        ends = ("authorize", "token", "userinfo", "jwks", "logout")
        authorize, token, userinfo, jwks, logout = (f"{self.url}/{name}" for name in ends)
        return {
            "issuer": self.url,
            "authorization_endpoint": authorize,
            "token_endpoint": token,
            "userinfo_endpoint": userinfo,
            "jwks_uri": jwks,
            "end_session_endpoint": logout,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }

    def issue(self, code: str) -> dict[str, Any]:
        """Exchange a code, once."""
        asked, now, access = self.codes.pop(code), int(time.time()), secrets.token_hex()
        self.tokens.add(access)
        self.sids.append(secrets.token_hex())
        claims = {**USER, "iss": self.url, "aud": CLIENT["client_id"], "iat": now, "exp": now + 60}
        claims["sid"] = self.sids[-1]
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        identity = self.sign(claims)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 60,
            "refresh_token": f"refresh {access}",
            "id_token": identity,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims."""
        return jwt.encode(claims, self.key, "RS256", headers={"kid": "1"})

    def logout_token(self, **meant: str) -> str:
        """Return the report of a logout: of a session (``sid``), or of all of the user (``sub``)."""
        now, event = int(time.time()), "http://schemas.openid.net/event/backchannel-logout"
        when = {"iat": now, "exp": now + 120, "jti": secrets.token_hex(), "events": {event: {}}}
        return self.sign({"iss": self.url, "aud": CLIENT["client_id"], **when, **meant})


class Handler(BaseHTTPRequestHandler):
    """The endpoints."""

    server: Provider

    def do_GET(self) -> None:
        """Ask the user, or answer the client."""
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        provider = self.server
        if url.path == "/authorize" and "here" in SimpleCookie(self.headers.get("Cookie")):
            self._go_back(query)
        elif url.path == "/authorize":
            self._send("text/html", b"<form method='post'><button name='in' value='1'></form>")
        elif url.path == "/logout":
            self._redirect(query["post_logout_redirect_uri"], "here=; Max-Age=0; Path=/")
        elif url.path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._json(USER if token in provider.tokens else {"error": "invalid_token"})
        elif url.path == "/jwks":
            key = RSAAlgorithm.to_jwk(provider.key.public_key(), as_dict=True)
            self._json({"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]})
        else:
            self._json(provider.configuration)

    def do_POST(self) -> None:
        """Take the click, or the code."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        url = urlsplit(self.path)
        if url.path == "/token":
            self._json(self.server.issue(parse_qs(body)["code"][0]))
        else:
            self._go_back(dict(parse_qsl(url.query)))

    def _go_back(self, query: dict[str, str]) -> None:
        code = secrets.token_hex()
        self.server.codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        self._redirect(f"{query['redirect_uri']}?{back}", "here=1; Path=/")

    def _redirect(self, url: str, cookie: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, data: Any) -> None:
        self._send("application/json", json.dumps(data).encode())

    def _send(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Provider]:
    """Serve until the block ends."""
    with Provider() as provider:
        Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield provider
        provider.shutdown()
