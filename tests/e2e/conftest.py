"""A real browser on the real car site."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import (
    BrowserContext,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests import services
from tests.e2e import browsers, pages
from tests.e2e.driving.base import Driver
from tests.e2e.driving.by_playwright import PlaywrightDriver
from tests.e2e.driving.visits import Visits
from tests.example_site import environment, fill, serving
from tests.waiting import PATIENCE

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE * 1000)

Open = Callable[..., Page]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that opens pages in each browser.

    Where a test says that one lacks what it is about, it is skipped by that name:
    ``@pytest.mark.lacks(firefox="speculation rules")``. WebKit is not driven by Playwright: a test
    that is to run there asks for `visit`.
    """
    if "browser" not in metafunc.fixturenames:
        return
    names = metafunc.config.option.browsers.split(",")
    if "driver" not in metafunc.fixturenames:
        names = [name for name in names if name != "webkit"]
    params = [pytest.param(name, marks=pytest.mark.needs(name)) for name in names]
    metafunc.parametrize("browser", params, indirect=True, scope="package")


RESERVATIONS: dict[str, Callable[[str, str], pytest.MarkDecorator]] = {
    "lacks": lambda browser, what: pytest.mark.skip(reason=f"{browser} lacks {what}"),
    "untried": lambda browser, why: pytest.mark.skip(reason=f"not tried in {browser}: {why}"),
    "fails": lambda browser, why: pytest.mark.xfail(reason=why, raises=AssertionError),
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Skip a test in a browser that lacks what it is about, or expect that it fails there."""
    callspec = getattr(item, "callspec", None)
    browser = callspec.params.get("browser") if callspec else None
    for name, reserve in RESERVATIONS.items():
        for mark in item.iter_markers(name):
            if browser in mark.kwargs:
                item.add_marker(reserve(browser, mark.kwargs[browser]))


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
    """Origins of the site with other settings: by scheme, and by a name in ``VARIANTS``; ``www``
    has the usual ones, and ``connected`` those of a site of its own."""
    folder = tmp_path_factory.mktemp("variants")
    env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings_by_host")
    fill(env)
    tls = [f"--certfile={certificate}", f"--keyfile={certificate}"]
    with serving(env) as http, serving(env, options=tls) as https, ExitStack() as stack:

        @cache
        def connected() -> str:
            services.need("oauth2_provider", "rest_framework")
            folder = tmp_path_factory.mktemp("connected")
            env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings_connected")
            fill(env)
            return stack.enter_context(serving(env))

        def origin(scheme: str, name: str) -> str:
            if name == pages.CONNECTED:
                return f"http://localhost:{urlsplit(connected()).port}"
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
def pin(certificate: Path) -> str:
    """Hash of the certificate's key."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """It ends with this folder: its event loop would stop Django elsewhere."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(request: pytest.FixtureRequest) -> Iterator[browsers.Engine | Driver]:
    """The browser that a test runs in; each test runs in each: see `pytest_generate_tests`."""
    with ExitStack() as closing:
        if request.param == "webkit":
            from tests.e2e.driving.by_webdriver import webkit  # Selenium may not be installed

            yield closing.enter_context(webkit())
            return
        playwright = request.getfixturevalue("playwright")
        if request.param == "firefox":
            yield browsers.Firefox(playwright, closing)
        else:
            yield browsers.Chromium(playwright, closing, request.getfixturevalue("pin"))


@pytest.fixture(scope="package")
def driver(browser: browsers.Engine | Driver) -> Driver:
    """The same, by the few things that every browser can be told."""
    return browser if isinstance(browser, Driver) else PlaywrightDriver(browser)


@pytest.fixture
def visit(
    driver: Driver, variant: Variant, record_property: Callable[[str, object], None]
) -> Iterator[Visits]:
    """Opens pages in every browser. The test fails on what no script has caught, and on all that the
    policy has refused."""
    record_property("version", driver.version)
    visits = Visits(driver, variant)
    yield visits
    faults = visits.faults()
    visits.close()
    assert not faults


Note = Callable[[str], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Notes what was seen of a claim, for the table in docs/browser.md."""
    return lambda text: record_property("note", text)


@pytest.fixture
def open_page(site: str, browser: browsers.Engine) -> Iterator[Open]:
    """Opens a page in a browser profile of its own. The test fails on errors of scripts that are
    not caught, and on all that the policy refuses."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(path: str = "/", *, user: str = "", **options: Any) -> Page:
        context = browser.context(**{"base_url": site, **options})
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        browser.note_faults(context, faults)
        page = context.new_page()
        if user:
            log_in(page, user)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            leave(page)
        # Or Firefox goes on without its cache, in the profiles of later tests, too.
        context.unroute_all()
        context.close()
    assert not faults


def leave(page: Page) -> None:
    """Go away from a page before its browser profile is closed: Chromium may wait for ever for one
    that is on its way to the next, as all tabs are after a logout."""
    for _ in range(2):  # that next page may come in between
        with suppress(Error):
            page.goto("about:blank")
            break


def log_in(page: Page, user: str = "customer") -> None:
    """By the form, as everybody does."""
    try:
        page.goto("/accounts/login/")
    except Error as error:
        # Firefox may take this navigation for another one, to the same page.
        if "interrupted by another navigation" not in str(error):
            raise
        page.wait_for_url("/accounts/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", f"{user}-{user}")
    page.click("main form button")
    page.wait_for_url("/")


def is_logged_in(page: Page) -> bool:
    """Whether this browser may see a private page."""
    private = page.context.request.get("/cars/add/", max_redirects=0)
    assert private.status in {200, 302}
    return private.status == 200


def assert_accessible(
    page: Page, *, without: Sequence[str] = (), within: Sequence[str] = ()
) -> None:
    """As far as a machine can tell; ``without`` has the rules that are not ours to keep, ``within``
    the parts of the page that are ours."""
    rules = {rule: {"enabled": False} for rule in without}
    context = {"include": [[part] for part in within]} if within else None
    results = Axe().run(page, context, options={"runOnly": STANDARDS, "rules": rules})
    assert not results.response["violations"], f"{page.url}\n{results.generate_report()}"


def assert_fits(page: Page) -> None:
    """No sideways scrolling."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
