"""Glewlwyd, a provider in C that Debian has: how it is started and set up, and what its users do."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.federation_peers.browser import Browser
from tests.federation_peers.settings import CLIENT_ID, SECRET
from tests.waiting import PATIENCE, until_served

#: The pages, which are made by scripts, and their configuration. The package puts a folder in its place.
PAGES = Path("/usr/share/glewlwyd/webapp")
PAGES_CONFIGURATION = Path("/usr/share/glewlwyd/templates/config.json")
#: The tables, as the package brings them, with an administrator.
TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
MODULES = "/usr/lib/glewlwyd"
CONFIGURATION = """
port={port}
external_url="http://127.0.0.1:{port}/"
login_url="login.html"
static_files_path="{pages}"
api_prefix="api"
log_mode="console"
log_level="ERROR"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
static_files_mime_types = (
  {{ extension = ".html" mime_type = "text/html" }},
  {{ extension = ".css" mime_type = "text/css" }},
  {{ extension = ".js" mime_type = "text/javascript" }},
  {{ extension = ".json" mime_type = "application/json" }}
);
database = {{ type = "sqlite3" path = "{database}" }};
"""
#: A client that hears of logouts by a frame, and by no token.
FRONT_CHANNEL = "cars-by-frame"
TURNED_OFF = ("token", "id-token", "none", "password", "client", "refresh", "device")


class Glewlwyd:
    """The provider, in a process of its own."""

    def __init__(self, port: int, folder: Path, site: str) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.origin}/api/oidc"
        database, configuration = folder / "glewlwyd.sqlite3", folder / "glewlwyd.conf"
        with closing(sqlite3.connect(database)) as tables:
            tables.executescript(TABLES.read_text())
        pages = folder / "pages"
        shutil.copytree(PAGES, pages, ignore=shutil.ignore_patterns(PAGES_CONFIGURATION.name))
        shutil.copy(PAGES_CONFIGURATION, pages)
        given = {"port": port, "modules": MODULES, "database": database, "pages": pages}
        configuration.write_text(CONFIGURATION.format(**given))
        command = ["glewlwyd", f"--config-file={configuration}"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        until_served(port, self.process)
        self._set_up(site)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def call(self, browser: Browser, method: str, path: str, data: Any = None) -> Any:
        """Call its API, as the scripts of its pages do, with the cookies of a browser."""
        opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(browser.jar))
        body = None if data is None else json.dumps(data).encode()
        kind = {"Content-Type": "application/json"}
        request = Request(f"{self.origin}{path}", body, kind, method=method)
        with opener.open(request, timeout=PATIENCE) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def log_in(self, browser: Browser, name: str) -> None:
        """Do what its page does, on which the browser is, and go back to the site."""
        (back,) = parse_qs(urlsplit(browser.url).query)["callback_url"]
        self.call(browser, "POST", "/api/auth", {"username": name, "password": "any"})
        self.call(browser, "PUT", f"/api/auth/grant/{CLIENT_ID}", {"scope": "openid"})
        browser.visit(f"{back}&g_continue")

    def log_out(self, browser: Browser, sid: str) -> None:
        """End one of the user's sessions there, as its page does."""
        self.call(browser, "DELETE", f"/api/oidc/session/{quote(sid)}")

    def _set_up(self, site: str) -> None:
        """Make it an OpenID provider, with two users, of which the site is a client."""
        admin = Browser(self.origin)
        self.call(admin, "POST", "/api/auth", {"username": "admin", "password": "password"})
        (module,) = self.call(admin, "GET", "/api/mod/client/")
        several = {"multiple": True, "read": True, "write": True}
        module["parameters"]["data-format"]["post_logout_redirect_uris"] = several
        self.call(admin, "PUT", "/api/mod/client/database", module)
        self.call(admin, "PUT", "/api/mod/client/database/reset/")
        self.call(admin, "POST", "/api/mod/plugin/", self._plugin())
        for name in ("ann", "bob"):
            facts = {"username": name, "name": name, "email": f"{name}@example.com"}
            more = {"password": "any", "enabled": True, "scope": ["openid", "g_profile"]}
            self.call(admin, "POST", "/api/user/", {**facts, **more})
        by_token = {
            "backchannel_logout_uri": f"{site}/backchannel/",
            "backchannel_logout_session_required": "1",
        }
        by_frame = {
            "frontchannel_logout_uri": f"{site}/frontchannel/",
            "frontchannel_logout_session_required": "1",
        }
        self._register(admin, site, CLIENT_ID, **by_token)
        self._register(admin, site, FRONT_CHANNEL, **by_frame)

    def _register(self, admin: Browser, site: str, client_id: str, **heard: str) -> None:
        client = {
            "client_id": client_id,
            "client_secret": SECRET,
            "name": "Cars",
            "confidential": True,
            "enabled": True,
            "scope": ["openid"],
            "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_post"],
            "redirect_uri": [f"{site}/oidc/callback/"],
            "post_logout_redirect_uris": [f"{site}/signed-out/"],
            **heard,
        }
        self.call(admin, "POST", "/api/client/", client)

    def _plugin(self) -> dict[str, Any]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parameters = {
            "iss": self.issuer,
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "key": private.decode(),
            "cert": public.decode(),
            "jwks-show": True,
            "access-token-duration": 3600,
            "refresh-token-duration": 3600,
            "code-duration": 600,
            "refresh-token-rolling": False,
            "allow-non-oidc": False,
            "auth-type-code-enabled": True,
            **{f"auth-type-{name}-enabled": False for name in TURNED_OFF},
            "scope": [],
            "subject-type": "public",
            "session-management-allowed": True,
            "session-cookie-name": "GLEWLWYD2_OIDC",
            "session-cookie-expiration": 3600,
            "front-channel-logout-allowed": True,
            "back-channel-logout-allowed": True,
            "name-claim": "no",
            "name-claim-scope": [],
            "email-claim": "mandatory",
            "email-claim-scope": [],
            "claims": [],
        }
        named = {"module": "oidc", "name": "oidc", "display_name": "OIDC"}
        return {**named, "parameters": parameters}
