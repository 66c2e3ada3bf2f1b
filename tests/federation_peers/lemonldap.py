"""LemonLDAP::NG, a provider in Perl that Debian has: how it is started and set up.

The packages: lemonldap-ng-fastcgi-server, liblemonldap-ng-portal-perl, liblemonldap-ng-manager-perl, and what Debian only
recommends: libgd-securityimage-perl, libimage-magick-perl, libstring-random-perl, libio-string-perl, libmime-tools-perl,
libemail-sender-perl.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.federation_peers.settings import CLIENT_ID, SECRET
from tests.waiting import PATIENCE, until_served

#: The configuration that the package brings, with its users for a demonstration.
DEFAULTS = Path("/var/lib/lemonldap-ng/conf/lmConf-1.json")
TEMPLATES = "/usr/share/lemonldap-ng/portal/templates"
#: One of these users, whose password is the name.
USER, EMAIL = "dwho", "dwho@badwolf.org"
FILE = """[all]
logLevel = error
[configuration]
type = File
dirName = {folder}/conf
localStorage = Cache::FileCache
localStorageOptions = {{'namespace' => 'c', 'cache_root' => '{folder}/cache', 'cache_depth' => 3}}
[portal]
staticPrefix = /static
templateDir = {templates}
languages = en
"""
PORTAL = "use Lemonldap::NG::Portal::Main; Lemonldap::NG::Portal::Main->run( {} );"


class LemonLDAP:
    """The provider, in a process of its own."""

    def __init__(self, port: int, folder: Path, site: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        for name in ("conf", "cache", "sessions/lock", "persistent/lock"):
            (folder / name).mkdir(parents=True)
        configuration = json.dumps(self._configuration(folder, site))
        (folder / "conf" / "lmConf-1.json").write_text(configuration)
        file, portal = folder / "lemonldap-ng.ini", folder / "portal.psgi"
        file.write_text(FILE.format(folder=folder, templates=TEMPLATES))
        portal.write_text(PORTAL)
        command = [
            "plackup",
            "-s",
            "HTTP::Server::PSGI",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        environ = {**os.environ, "LLNG_DEFAULTCONFFILE": str(file)}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen([*command, portal], env=environ, stdout=quiet, stderr=quiet)
        until_served(port, self.process)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def _configuration(self, folder: Path, site: str) -> dict[str, Any]:
        """Make it an OpenID provider, of which the site is a client."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        client = {
            "ClientID": CLIENT_ID,
            "ClientSecret": SECRET,
            "RedirectUris": f"{site}/oidc/callback/",
            "PostLogoutRedirectUris": f"{site}/signed-out/",
            "LogoutUrl": f"{site}/frontchannel/",
            "LogoutType": "front",
            "LogoutSessionRequired": 1,
            "BypassConsent": 1,
            "IDTokenSignAlg": "RS256",
            "IDTokenForceClaims": 1,
            "IDTokenExpiration": 3600,
            "AccessTokenExpiration": 3600,
        }
        options = {f"oidcRPMetaDataOptions{name}": value for name, value in client.items()}
        stores = {
            f"{store}StorageOptions": {
                "Directory": f"{folder}/{name}",
                "LockDirectory": f"{folder}/{name}/lock",
            }
            for store, name in {"global": "sessions", "persistent": "persistent"}.items()
        }
        return {
            **json.loads(DEFAULTS.read_text()),
            **stores,
            "localSessionStorageOptions": {
                "namespace": "s",
                "cache_root": f"{folder}/cache",
                "cache_depth": 3,
            },
            "portal": f"{self.issuer}/",
            "domain": "127.0.0.1",
            "requireToken": 0,
            "notification": 0,
            "loginHistoryEnabled": 0,
            "issuerDBOpenIDConnectActivation": 1,
            "oidcServiceMetaDataIssuer": self.issuer,
            "oidcServiceKeyIdSig": "1",
            "oidcServicePrivateKeySig": private.decode(),
            "oidcServicePublicKeySig": public.decode(),
            "oidcRPMetaDataExportedVars": {"cars": {"email": "mail", "name": "cn"}},
            "oidcRPMetaDataOptions": {"cars": options},
        }
