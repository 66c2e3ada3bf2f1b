"""The recipes of docs/browser.md for frameworks, under a policy with a nonce, as they are written."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, is_logged_in
from tests.e2e.script import PRIVATE, another_tab
from tests.services import NODE_MODULES

pytestmark = [
    pytest.mark.needs("npm"),
    pytest.mark.lacks(firefox="a way to send on what requests contain, by WebDriver BiDi"),
]

TURBO = "@hotwired/turbo/dist/turbo.es2017-umd.js"
UNPOLY = "unpoly/unpoly.js"


def _use(page: Page, framework: str, *changes: tuple[str, str]) -> list[str]:
    """As if the site's templates had it; tells which pages it fetches by itself."""
    fetched: list[str] = []

    def add(route: Route) -> None:
        request = route.request
        if request.resource_type not in {"document", "fetch", "xhr"} or "/session/" in request.url:
            return route.fallback()
        if request.resource_type != "document":
            fetched.append(urlsplit(request.url).path)
        answer = route.fetch(max_redirects=0)
        policy = answer.headers.get("content-security-policy", "")
        nonce = re.search(r"'nonce-([^']+)'", policy)
        body = answer.text()
        if nonce:
            head = f'<meta name="csp-nonce" content="{nonce[1]}">'
            head += f'<script src="/framework.js" nonce="{nonce[1]}" defer></script>'
            for before, after in (("<head>", f"<head>{head}"), *changes):
                body = body.replace(before, after)
            policy += f"; style-src 'self' 'nonce-{nonce[1]}'"
        headers = {**answer.headers, "content-security-policy": policy}
        return route.fulfill(response=answer, body=body, headers=headers)

    page.context.route("**/*", add)
    page.context.route(
        "**/framework.js", lambda route: route.fulfill(path=NODE_MODULES / framework)
    )
    return fetched


def _log_in(page: Page, user: str) -> None:
    page.get_by_role("banner").get_by_role("link", name="Log in").click()
    page.fill("[name=username]", user)
    page.fill("[name=password]", f"{user}-{user}")
    page.click("main form button")
    expect(page.get_by_role("banner")).to_contain_text(user)


def _tag(page: Page) -> str:
    return str(page.evaluate("document.querySelector('script[data-logout]').dataset.user"))


def _log_out_beside(page: Page) -> None:
    """By the script, whatever the framework does with other forms: the other tab goes along."""
    other = another_tab(page)
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    other.wait_for_url("/")
    assert not is_logged_in(page)


@pytest.mark.smoke
def test_turbo(open_page: Open) -> None:
    """It visits pages without a word of the policy's, its own style included; and reloads when the
    user changes, so that the script is the new user's."""
    page = open_page()
    fetched = _use(page, TURBO)
    page.goto("/")
    assert page.evaluate("Boolean(document.querySelector('style').sheet)")
    page.evaluate("window.kept = true")
    _log_in(page, "customer")
    assert _tag(page)
    assert not page.evaluate("window.kept")

    page.evaluate("window.kept = true")
    page.get_by_role("link", name="Offer a car").click()
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    assert page.evaluate("window.kept")
    assert fetched[-1] == PRIVATE
    _log_out_beside(page)


#: It is told to take all links and forms, as its documentation proposes.
EVERYTHING = """
window.kept = true;
up.link.config.followSelectors.push("a[href]");
up.form.config.submitSelectors.push("form");
"""


def test_unpoly(open_page: Open) -> None:
    """The login form reloads the page, and so the script is the new user's."""
    page = open_page()
    form = '<form method="post" class="card fields">'
    fetched = _use(page, UNPOLY, (form, form.replace("<form", '<form up-submit="false"')))
    page.goto("/")
    page.evaluate(EVERYTHING)
    _log_in(page, "customer")
    assert fetched == ["/accounts/login/"]
    assert _tag(page)
    assert not page.evaluate("window.kept")

    page.reload()  # what a redirect leads to is not ours to change
    page.evaluate(EVERYTHING)
    page.get_by_role("link", name="Offer a car").click()
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    assert page.evaluate("window.kept")
    assert fetched[-1] == PRIVATE
    _log_out_beside(page)
