"""A browser that costs almost no time: it calls the WSGI application without a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from django.core.handlers.wsgi import WSGIHandler

TOKEN = "t" * 32

application = cache(WSGIHandler)


class Browser:
    """Send requests and keep the cookies of the responses."""

    def __init__(self) -> None:
        self.cookies = SimpleCookie({"csrftoken": TOKEN})

    def request(self, method: str, path: str, **fields: str) -> Callable[[], Any]:
        """Prepare a request. The function returned sends it and returns the response."""
        body = urlencode(fields).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": "127.0.0.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
            "HTTP_COOKIE": "; ".join(f"{c.key}={c.coded_value}" for c in self.cookies.values()),
            "HTTP_X_CSRFTOKEN": TOKEN,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        setup_testing_defaults(environ)

        def send() -> Any:
            response = application()(environ, lambda status, headers: None)
            response.close()
            for name, morsel in response.cookies.items():
                if name != "csrftoken":
                    self.cookies[name] = morsel.value
            return response

        return send
