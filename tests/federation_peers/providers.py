"""The providers: how they are started, and what they tell of themselves."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from tests import services
from tests.federation_peers.settings import CLIENT_ID, SECRET
from tests.waiting import PATIENCE, until_served

HERE = Path(__file__).parent
#: Where the libraries want browsers to come back to.
CALLBACKS = (
    "/oidc/callback/",
    "/allauth/oidc/op/login/callback/",
    "/social/complete/oidc/",
    "/authlib/callback/",
    "/pyoidc-callback",
)


def client(site: str, client_id: str = CLIENT_ID, **more: Any) -> dict[str, Any]:
    """Return the metadata of a client, as sites register them."""
    return {
        "client_id": client_id,
        "client_secret": SECRET,
        "redirect_uris": [f"{site}{path}" for path in CALLBACKS],
        "post_logout_redirect_uris": [f"{site}/signed-out/"],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        # allauth and mozilla-django-oidc post the secret, and social-auth sends a header.
        "token_endpoint_auth_method": "client_secret_post",
        **more,
    }


class NodeProvider:
    """npm's oidc-provider, in a process of its own."""

    def __init__(self, package: str, port: int, folder: Path, clients: list[Any]) -> None:
        self.package, self.port = package, port
        self.host, self.issuer = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}"
        self.clients = folder / f"{package}.json"
        self.clients.write_text(json.dumps(clients))
        self.process: subprocess.Popen[bytes] | None = None
        self.opener = build_opener(ProxyHandler({}))

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self.process is None:
            services.need("node", f"npm:{self.package}")
            command = ["node", HERE / "op.mjs", self.package, str(self.port), self.clients]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                until_served(self.port, self.process)
            except AssertionError:
                self.stop()  # The next test starts another.
                raise

    def stop(self) -> None:
        """End it. It forgets everything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def tell(self, what: str) -> Any:
        """Ask what only tests ask."""
        with self.opener.open(f"{self.issuer}/_test/{what}", timeout=PATIENCE) as answer:
            return json.load(answer)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Let no server answer at its port."""
        self.stop()
        yield
        self.start()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take connections, and answer nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)
