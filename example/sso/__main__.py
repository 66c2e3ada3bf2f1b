"""``python -m sso``, in the folder ``example``: start the three sites, until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sso.sites import CARS, COMPANY, HAS_COMPANY, HOST, PORT, PROVIDER, SITES

HERE = Path(__file__).resolve().parent
MANAGE = [sys.executable, str(HERE.parent / "manage.py")]


def new_key() -> str:
    """Return a new key that the car site signs with, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    how = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *how).decode()


def prepare(environment: dict[str, str], *commands: str) -> None:
    """Run commands of Django, of which each has to succeed."""
    for command in commands:
        subprocess.run([*MANAGE, *command.split()], env=environment, check=True)


def company() -> list[str]:
    """Return the command that serves the provider at which the car site logs people in."""
    client = {
        "client_id": CARS.name,
        "client_secret": CARS.secret,
        "redirect_uris": [f"{CARS.url}/oidc/callback/"],
        "post_logout_redirect_uris": [f"{CARS.url}/signed-out/"],
        "token_endpoint_auth_method": "client_secret_post",
        "backchannel_logout_uri": f"{CARS.url}/backchannel/",
        "backchannel_logout_session_required": True,
    }
    return ["node", str(HERE / "company.mjs"), str(COMPANY.port), json.dumps([client])]


@contextmanager
def served(environments: dict[int, dict[str, str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Serve each site at its port; all end together."""
    servers = [
        subprocess.Popen([*MANAGE, "runserver", "--noreload", f"{HOST}:{port}"], env=environment)
        for port, environment in environments.items()
    ]
    if HAS_COMPANY:
        servers.append(subprocess.Popen(company()))
    try:
        yield servers
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()


def main() -> int:
    """Set the sites up, serve them, and say where they are; return 1 if one of them ends by itself."""
    provider = {**os.environ, "DJANGO_SETTINGS_MODULE": "sso.provider", "SSO_KEY": new_key()}
    client = {**os.environ, "DJANGO_SETTINGS_MODULE": "sso.client"}
    clients = {site.port: {**client, "SITE": site.name} for site in SITES}
    prepare(provider, "migrate --verbosity 0", "demo_data", "demo_applications")
    for environment in clients.values():
        prepare(environment, "migrate --verbosity 0")
    print(f"\nClassic cars, where people log in:  {PROVIDER}/")
    for site in SITES:
        print(f"{site.title + ', which logs in there:':36}{site.url}/")
    if HAS_COMPANY:
        print(
            f"{'Company, where Classic cars does:':36}{COMPANY.url}/session/end (its page of logout)"
        )
    how = f'by "Log in with {COMPANY.title}"' if HAS_COMPANY else "as customer or admin"
    print(
        f"\n1. Open {SITES[0].url}/ and log in {how}."
        "\n2. Open the other sites: you are logged in there as soon as you click, without a password."
        "\n3. Log out at any of them, and look at the others. (Ctrl-C ends it)",
        flush=True,
    )
    with served({PORT: provider, **clients}) as servers:
        os.wait()
        ended = [server.args for server in servers if server.poll() is not None]
        print(f"Ended by itself: {ended}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # The three end together, too.
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
