"""Our own provider in a process of its own: ``python -m tests.federation_peers.own_provider LIBRARY PORT SITE NODE
APACHE FOLDER``.

It is a site with django-oauth-toolkit or allauth.idp and ours, and three applications: the site whose URL is given, and one of Node and one of
Apache at their ports. Its logouts are delivered by the thread of the process, as without any setting.
"""

import os
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

library, port, site, node, apache, folder = sys.argv[1:]
os.environ["DJANGO_SETTINGS_MODULE"] = f"tests.projects.clients_{library}.settings"
os.environ["DATABASE_URL"] = f"sqlite:///{folder}/provider.sqlite3"

from django.conf import settings  # noqa: E402

if library == "toolkit":
    toolkit = settings.OAUTH2_PROVIDER
    settings.OAUTH2_PROVIDER = {
        **toolkit,
        "OAUTH2_VALIDATOR_CLASS": "tests.federation_peers.own_validator.Validator",
        "SCOPES": {**toolkit["SCOPES"], "email": "Your address", "profile": "Your name"},
        "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
    }
settings.LOGOUT = {
    "CLIENT_NETWORKS": ["127.0.0.0/8", "::1/128"],
    "CLIENTS": {
        "cars": {"BACKCHANNEL_LOGOUT_URI": f"{site}/backchannel/"},
        "node": {"BACKCHANNEL_LOGOUT_URI": f"http://127.0.0.1:{node}/backchannel-logout"},
        "apache": {
            "BACKCHANNEL_LOGOUT_URI": f"http://127.0.0.1:{apache}/cb?logout=backchannel",
            "SESSION_REQUIRED": True,
        },
    },
}

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from tests.federation_peers.providers import client  # noqa: E402
from tests.federation_peers.settings import SECRET  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


def set_up() -> None:
    """Create the tables without migrations, the users and the application."""
    settings.MIGRATION_MODULES = dict.fromkeys(app.label for app in apps.get_app_configs())
    call_command("migrate", run_syncdb=True, verbosity=0)
    for name in ("ann", "bob"):
        user = get_user_model().objects.create_user(name, f"{name}@example.com", "any")
        if library == "allauth":
            user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    about = client(site)
    register("cars", about["redirect_uris"], about["post_logout_redirect_uris"])
    own = f"http://localhost:{node}"
    register("node", [f"{own}/callback"], [own])
    register("apache", [f"http://localhost:{apache}/cb"], [])


def register(client_id: str, redirect_uris: list[str], after_logout: list[str]) -> None:
    """Register an application."""
    if library == "allauth":
        _register_at_allauth(client_id, redirect_uris, after_logout)
        return
    from oauth2_provider.models import get_application_model

    get_application_model().objects.create(
        client_id=client_id,
        name=client_id.title(),
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=" ".join(redirect_uris),
        post_logout_redirect_uris=" ".join(after_logout),
        algorithm="RS256",
        skip_authorization=True,
    )


def _register_at_allauth(client_id: str, redirect_uris: list[str], after_logout: list[str]) -> None:
    from allauth.idp.oidc.models import Client

    found = Client(id=client_id, name=client_id.title(), skip_consent=True)
    found.set_secret(SECRET)
    found.set_redirect_uris(redirect_uris)
    found.set_scopes(["openid", "email", "profile"])
    found.set_default_scopes(["openid"])
    found.data = {"client_metadata": {"post_logout_redirect_uris": after_logout}}
    found.save()


if __name__ == "__main__":
    set_up()
    with make_server("127.0.0.1", int(port), get_wsgi_application(), Server, Handler) as server:
        server.serve_forever()
