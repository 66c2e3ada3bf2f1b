"""Our provider and our application, two sites in two processes: a logout at either is one at both."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from django_logout.federation.models import ProviderNotice
from tests import services
from tests.federation_peers.browser import Browser
from tests.federation_peers.conftest import LIBRARIES, configure
from tests.federation_peers.settings import SECRET
from tests.races.own_redis import free_port
from tests.waiting import PATIENCE, until, until_served

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Pages(NamedTuple):
    """Where a library has its endpoints, and the button of its logout page."""

    issuer: str
    endpoints: str
    token: str
    userinfo: str
    keys: str
    logout: str
    button: str
    end: str = ""


PAGES = {
    "toolkit": Pages(
        "/o", "/o/", "token", "userinfo", "/o/.well-known/jwks.json", "/o/logout/", "allow", "/"
    ),
    "allauth": Pages(
        "",
        "/identity/o/",
        "api/token",
        "api/userinfo",
        "/.well-known/jwks.json",
        "/identity/o/logout",
        "logout",
    ),
}


class OwnProvider:
    """The provider's process."""

    def __init__(self, library: str, port: int, site: str, folder: Path) -> None:
        self.origin, self.pages = f"http://127.0.0.1:{port}", PAGES[library]
        self.node_port, self.apache_port = free_port(), free_port()
        self.issuer = f"{self.origin}{self.pages.issuer}"
        ports = [str(self.node_port), str(self.apache_port)]
        module = "tests.federation_peers.own_provider"
        command = [sys.executable, "-m", module, library, str(port), site, *ports, str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until_served(port, self.process)


@pytest.fixture(scope="module", params=PAGES)
def provider(request: Any, live_server: Any, tmp_path_factory: Any) -> Iterator[OwnProvider]:
    """The provider, which knows the site."""
    folder = tmp_path_factory.mktemp("own")
    found = OwnProvider(request.param, free_port(), live_server.url, folder)
    yield found
    found.process.kill()
    found.process.wait(PATIENCE)


@pytest.fixture(params=["mozilla_django_oidc", "allauth", "authlib"])
def library(request: pytest.FixtureRequest, settings: Any) -> Any:
    """Ways to log in."""
    log_in, backend = LIBRARIES[request.param]
    settings.AUTHENTICATION_BACKENDS = [backend]
    return log_in


@pytest.fixture
def arrive(live_server: Any, users: Any, settings: Any, provider: OwnProvider, library: Any) -> Any:
    """Return a function that logs a user in at the site, by the provider's pages."""
    configure(settings, live_server.url, provider)  # type: ignore[arg-type]
    pages, base = provider.pages, f"{provider.origin}{provider.pages.endpoints}"
    paths = {"AUTHORIZATION": "authorize", "TOKEN": pages.token, "USER": pages.userinfo}
    for name, path in paths.items():
        setattr(settings, f"OIDC_OP_{name}_ENDPOINT", f"{base}{path}{pages.end}")
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.origin}{pages.keys}"

    def log_in(name: str = "ann") -> Browser:
        browser = Browser(live_server.url)
        library(browser)
        sign_in(browser, name)
        assert browser.who() == name, browser.text
        return browser

    return log_in


@pytest.fixture
def node(provider: OwnProvider) -> Iterator[str]:
    """The URL of an application of express-openid-connect."""
    services.need("node", "npm:express-openid-connect")
    port = provider.node_port
    command = ["node", HERE / "rp.mjs", str(port), provider.issuer, "node", SECRET]
    process = subprocess.Popen(command)
    until_served(port, process)
    yield f"http://localhost:{port}"
    process.kill()
    process.wait(PATIENCE)


@pytest.fixture
def apache(provider: OwnProvider) -> Iterator[str]:
    """The URL of an application of mod_auth_openidc."""
    services.need("apache2")
    # Its workers run as another user, who has to reach it.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    port = provider.apache_port
    template = (HERE / "apache.conf").read_text()
    values = {"PORT": port, "FOLDER": folder, "ISSUER": provider.issuer, "SECRET": SECRET}
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    (folder / "apache.conf").write_text(template)
    (folder / "index.html").write_text("the page")
    command = ["apache2", "-f", folder / "apache.conf", "-D", "FOREGROUND"]
    process = subprocess.Popen(command)
    until_served(port, process)
    yield f"http://localhost:{port}/index.html"
    process.terminate()
    process.wait(PATIENCE)
    shutil.rmtree(folder)


def sign_in(browser: Browser, name: str) -> None:
    """Fill in the form of the provider, of either library."""
    fields = browser.form(None, "password")["fields"]
    browser.submit(**{"username" if "username" in fields else "login": name}, password="any")


def log_out_there(browser: Browser, provider: OwnProvider, *, everywhere: bool = False) -> None:
    """Log out by the provider's own page, which knows of no application."""
    path = "/accounts/sessions/end-all/" if everywhere else "/accounts/logout/"
    browser.visit(f"{provider.origin}{path}")
    browser.submit(path)
    assert browser.url.startswith(provider.origin), browser.url


def has_ended(browser: Browser) -> bool:
    """Return whether no one is logged in at the site."""
    return browser.who() == ""


def test_logout_at_the_provider(arrive: Any, provider: OwnProvider) -> None:
    """Of two sessions of one user the one that is named ends, and no other."""
    here, there, bob = arrive(), arrive(), arrive("bob")
    log_out_there(here, provider)
    until(lambda: has_ended(here), "The site has not heard.")
    assert (there.who(), bob.who()) == ("ann", "bob")
    assert ProviderNotice.objects.get().handled_at is not None


def test_logout_at_the_provider_everywhere(arrive: Any, provider: OwnProvider) -> None:
    """All of the user's end, by one token."""
    here, there, bob = arrive(), arrive(), arrive("bob")
    log_out_there(here, provider, everywhere=True)
    until(lambda: has_ended(here) and has_ended(there), "The site has not heard.")
    assert bob.who() == "bob"
    assert ProviderNotice.objects.count() == 1


def test_logout_at_the_site(arrive: Any, provider: OwnProvider, live_server: Any) -> None:
    """It leads to the provider, whose page names the site, and back; both sessions have ended."""
    here = arrive()
    here.visit("/page/")
    here.submit("/accounts/logout/")
    assert here.url.startswith(f"{provider.origin}{provider.pages.logout}"), here.url
    assert "Cars" in here.text
    here.submit(button=provider.pages.button)
    assert here.url.startswith(f"{live_server.url}/signed-out/")
    assert here.who() == ""
    until(ProviderNotice.objects.exists, "The site has not heard.")
    here.visit(f"{provider.origin}/")
    assert here.text == "user="


@pytest.mark.parametrize("everywhere", [False, True])
def test_application_of_another_library(provider: OwnProvider, node: str, everywhere: bool) -> None:
    """express-openid-connect takes our tokens. Another user stays logged in; of the same user it ends all sessions,
    whatever a token names."""
    browsers = {}
    for name in ("ann", "bob"):
        browsers[name] = Browser(node)
        browsers[name].visit(f"{node}/login")
        sign_in(browsers[name], name)
        browsers[name].visit(f"{node}/")
        assert browsers[name].text not in {"user=", ""}
    log_out_there(browsers["ann"], provider, everywhere=everywhere)

    def has_heard() -> bool:
        return str(browsers["ann"].visit(f"{node}/").content.decode()) == "user="

    until(has_heard, "The application has not heard.")
    browsers["bob"].visit(f"{node}/")
    assert browsers["bob"].text not in {"user=", ""}


def test_application_in_apache(provider: OwnProvider, apache: str) -> None:
    """mod_auth_openidc takes our tokens, and ends the session that is named. With all of the user's, it hears of each."""
    here, there, bob = (Browser(apache) for _ in range(3))
    for browser, name in [(here, "ann"), (there, "ann"), (bob, "bob")]:
        browser.visit(apache, Accept="text/html")
        sign_in(browser, name)
        assert browser.text == "the page"

    def is_out(browser: Browser) -> bool:
        browser.visit(apache, Accept="text/html")
        return "password" in browser.form()["fields"] if "<form" in browser.text else False

    log_out_there(here, provider)
    until(lambda: is_out(here), "The application has not heard.")
    assert not is_out(there)
    log_out_there(there, provider, everywhere=True)
    until(lambda: is_out(there), "The application has not heard.")
    assert not is_out(bob)
