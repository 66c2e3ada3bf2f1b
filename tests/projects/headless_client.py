"""An app that logs in by allauth's API, and sends its tokens in headers."""

import json
from typing import Any

from django.test import Client

API = "/_allauth/app/v1"
SESSION = f"{API}/auth/session"


class App:
    """A client without cookies, which keeps and replays its tokens."""

    def __init__(self, token: str = "", access: str = "", refresh: str = "") -> None:
        self.token, self.access, self.refresh = token, access, refresh

    @classmethod
    def log_in(cls, agent: str = "") -> "App":
        """Log in with a name and a password."""
        given = {"username": "ann", "password": "pw"}
        answer = cls().post(f"{API}/auth/login", given, **({"User-Agent": agent} if agent else {}))
        assert answer.status_code == 200, answer.content
        meta = answer.json()["meta"]
        return cls(
            meta["session_token"], meta.get("access_token", ""), meta.get("refresh_token", "")
        )

    def send(self, method: str, url: str, data: Any = None, **headers: str) -> Any:
        """Send one request with the session token, or else the access token."""
        if self.token:
            headers["X-Session-Token"] = self.token
        elif self.access:
            headers["Authorization"] = f"Bearer {self.access}"
        body = {} if data is None else {"data": json.dumps(data)}
        kind = "application/json"
        headers.setdefault("Accept", kind)
        return Client().generic(method, url, content_type=kind, headers=headers, **body)

    def get(self, url: str) -> Any:
        """Send a GET request."""
        return self.send("GET", url)

    def post(self, url: str, data: Any = None, **headers: str) -> Any:
        """Send a POST request."""
        return self.send("POST", url, data, **headers)

    def delete(self, url: str) -> Any:
        """Send a DELETE request."""
        return self.send("DELETE", url)

    @property
    def works(self) -> bool:
        """Return whether allauth's API treats the client as logged in."""
        status = self.get(SESSION).status_code
        assert status in {200, 401, 410}
        return bool(status == 200)
