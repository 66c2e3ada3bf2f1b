"""A real browser on the real car site."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests import services
from tests.example_site import environment, fill, serving
from tests.waiting import PATIENCE

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.cars.test 127.0.0.1",
]

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE * 1000)

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of the site."""
    folder = tmp_path_factory.mktemp("cars")
    env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings")
    fill(env)
    with serving(env) as origin:
        yield origin


Variant = Callable[[str, str], str]


@pytest.fixture(scope="package")
def variant(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Variant]:
    """Origins of the site with other settings: by scheme, and by a name in ``variants``; ``www``
    has the usual ones."""
    folder = tmp_path_factory.mktemp("variants")
    env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings_by_host")
    fill(env)
    tls = [f"--certfile={certificate}", f"--keyfile={certificate}"]
    with serving(env) as http, serving(env, options=tls) as https:

        def origin(scheme: str, name: str) -> str:
            if scheme == "https":
                return f"https://{name}.cars.test:{urlsplit(https).port}"
            host = "localhost" if name == "www" else f"{name}.localhost"
            return f"http://{host}:{urlsplit(http).port}"

        yield origin


@pytest.fixture(scope="package")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of ``*.cars.test``."""
    pem = tmp_path_factory.mktemp("tls") / "site.pem"
    issued = trustme.CA().issue_cert("*.cars.test")
    issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
    return pem


@pytest.fixture(scope="package")
def switches(certificate: Path) -> list[str]:
    """Command line of a browser that trusts this very certificate: with errors that are merely
    ignored it would cache nothing."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return [*SWITCHES, f"--ignore-certificate-errors-spki-list={pin}"]


@pytest.fixture(scope="package")
def browser(switches: list[str]) -> Iterator[Browser]:
    """Chromium. It ends with this folder: Playwright's event loop would stop Django elsewhere."""
    with sync_playwright() as playwright:
        path = services.chromium()
        # People's browsers keep pages for the Back button; Playwright would switch that off.
        with playwright.chromium.launch(
            executable_path=path,
            args=switches,
            ignore_default_args=["--disable-back-forward-cache"],
        ) as browser:
            yield browser


@pytest.fixture
def open_page(site: str, browser: Browser) -> Iterator[Open]:
    """Opens a page in a browser profile of its own; nothing may be refused by the policy."""
    contexts: list[BrowserContext] = []
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # That our own pages may not be framed by others is meant so.
        if "Content Security Policy" in message.text and "frame-ancestors" not in message.text:
            refused.append(message.text)

    def opened(path: str = "/", *, user: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"base_url": site, **options})
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        context.on("console", listen)
        page = context.new_page()
        if user:
            log_in(page, user)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            leave(page)
        context.close()
    assert not refused


def leave(page: Page) -> None:
    """Go away from a page before its browser profile is closed: Chromium may wait for ever for one
    that is on its way to the next, as all tabs are after a logout."""
    for _ in range(2):  # that next page may come in between
        with suppress(Error):
            page.goto("about:blank")
            break


def log_in(page: Page, user: str = "customer") -> None:
    """By the form, as everybody does."""
    page.goto("/accounts/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", f"{user}-{user}")
    page.click("main form button")
    page.wait_for_url("/")


def is_logged_in(page: Page) -> bool:
    """Whether this browser may see a private page."""
    private = page.context.request.get("/cars/add/", max_redirects=0)
    assert private.status in {200, 302}
    return private.status == 200


def assert_accessible(page: Page) -> None:
    """As far as a machine can tell."""
    results = Axe().run(page, options={"runOnly": STANDARDS})
    assert not results.response["violations"], f"{page.url}\n{results.generate_report()}"


def assert_fits(page: Page) -> None:
    """No sideways scrolling."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
