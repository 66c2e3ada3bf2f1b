"""The sites of the demo: their names, addresses and secrets. The environment may say other things:

HOST, PORT      of the car site; the others have the ports after it
SSO_FOLDER      where the databases are
COMPANY         "no": without the other provider, even if it is installed
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

HOST, PORT = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
FOLDER = Path(os.environ.get("SSO_FOLDER", Path(__file__).resolve().parent.parent))


class Site(NamedTuple):
    """A site that logs in at the car site."""

    name: str
    title: str
    port: int

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://{HOST}:{self.port}"

    @property
    def secret(self) -> str:
        """Return what the site proves its name with."""
        return f"for the demo only: the secret of {self.name}"


PROVIDER = f"http://{HOST}:{PORT}"
SITES = [Site("parts", "Spare parts", PORT + 1), Site("rally", "Rally club", PORT + 2)]

#: The car site as a client of another provider, which npm's oidc-provider is, where it is installed.
CARS, COMPANY = Site("cars", "Classic cars", PORT), Site("company", "Company", PORT + 3)
_PACKAGE = Path(__file__).resolve().parents[2] / "node_modules" / "oidc-provider"
HAS_COMPANY = bool(os.environ.get("COMPANY") != "no" and shutil.which("node") and _PACKAGE.is_dir())
