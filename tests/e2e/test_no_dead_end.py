"""Whatever fails, logging out ends in a request of the browser's own, or in a link."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, is_logged_in
from tests.e2e.script import PRIVATE, another_tab, is_hidden, log_in_quietly, look_at
from tests.waiting import until

#: Each keeps the script from sending a logout. They run before the script.
OBSTACLES = {
    "fetch always fails": "window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))",
    "fetch fails if it is kept alive": """
        const { fetch: ask } = window;
        window.fetch = (url, options) =>
          options?.keepalive ? Promise.reject(new TypeError("Too large")) : ask(url, options);
    """,
    "no AbortSignal.timeout": "delete AbortSignal.timeout",
    "no BroadcastChannel": "delete window.BroadcastChannel",
    "no Web Locks": "delete Navigator.prototype.locks",
    "no storage": """
        const refuse = () => { throw new DOMException("Access is denied", "SecurityError"); };
        for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, { get: refuse });
        delete window.BroadcastChannel;
    """,
}
FOCUSED = "document.activeElement.closest('dialog') && document.activeElement.innerText"
FULL = """() => {
  for (const size of [100000, 1000, 1])
    try { for (let i = 0; ; i++) sessionStorage[`${size} ${i}`] = "x".repeat(size); } catch {}
}"""


@pytest.fixture
def page(open_page: Open) -> Page:
    """Open the page of a user who is about to leave."""
    return open_page(PRIVATE, user="customer")


def _press(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()


def _expect_logged_out(page: Page) -> None:
    page.wait_for_url("/")
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    assert not is_logged_in(page)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_obstacle_does_not_keep_anybody_logged_in(page: Page, obstacle: str) -> None:
    """What a script cannot do, the browser does."""
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - it is marked
    page.add_init_script(OBSTACLES[obstacle])
    page.goto(PRIVATE)

    _press(page)

    _expect_logged_out(page)
    assert not errors


def test_large_form_logs_out(page: Page) -> None:
    """More than 64 KiB cannot be sent by a request that outlives its page."""
    page.evaluate(
        """() => {
          const field = document.createElement("input");
          Object.assign(field, { type: "hidden", name: "more", value: "x".repeat(70000) });
          document.querySelector("header form").append(field);
        }"""
    )

    _press(page)

    _expect_logged_out(page)


@pytest.mark.lacks(firefox="a way to see what requests contain")
def test_native_form_sends_what_was_submitted(page: Page) -> None:
    """The button's own field too, whatever names the fields have."""
    page.add_init_script(OBSTACLES["fetch always fails"])
    page.goto(PRIVATE)
    page.evaluate(
        """() => {
          const form = document.querySelector("header form");
          for (const name of ["submit", "action", "elements"]) {
            const field = document.createElement("input");
            form.append(Object.assign(field, { type: "hidden", name, value: `${name} & co` }));
          }
          Object.assign(form.querySelector("button"), { name: "by", value: "the button" });
        }"""
    )

    with page.expect_request(lambda request: request.method == "POST") as sent:
        _press(page)

    fields = sent.value.post_data_json
    assert fields["submit"] == "submit & co"
    assert fields["action"] == "action & co"
    assert fields["elements"] == "elements & co"
    assert fields["by"] == "the button"
    assert fields["next"] == "/"
    _expect_logged_out(page)


def test_script_that_cannot_reach_the_site_offers_the_browsers_own_way(page: Page) -> None:
    """The page has reached it before, so it may only be away for a while."""
    with page.expect_response("**/accounts/session/**"):
        look_at(page)

    def refuse(route: Route) -> None:
        route.continue_() if route.request.is_navigation_request() else route.abort()

    page.route("**/accounts/**", refuse)
    _press(page)
    dialog = page.get_by_role("dialog", name="You may still be logged in")
    expect(dialog.get_by_role("button", name="Stay logged in")).to_be_focused()
    assert is_hidden(page, "Offer a car")

    dialog.get_by_role("button", name="Log out now").click()

    _expect_logged_out(page)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_proxy_that_cannot_reach_the_site_is_asked_again(page: Page, status: int) -> None:
    """Its page is not shown, and says nothing about the session."""
    answers: list[int] = []

    def answer(route: Route) -> None:
        answers.append(status)
        if len(answers) < 3:
            route.fulfill(status=status, body="<h1>Bad gateway</h1>", content_type="text/html")
        else:
            route.continue_()

    page.route("**/accounts/logout/", answer)
    _press(page)
    expect(page.get_by_role("dialog", name="You may still be logged in")).to_be_visible()

    _expect_logged_out(page)
    assert len(answers) == 3


def test_slow_site_says_what_is_so(page: Page) -> None:
    """At first that it is being done, then that the outcome is not known. The answer still counts."""
    page.clock.install()
    page.reload()
    held: list[Route] = []
    page.route("**/accounts/logout/", lambda route: held.append(route))  # noqa: PLW0108 - marked
    with page.expect_request("**/accounts/logout/"):
        _press(page)

    page.clock.run_for(1500)
    expect(page.get_by_role("dialog")).to_have_text("Logging you out…")
    assert is_hidden(page, "Offer a car")
    page.clock.run_for(10000)
    dialog = page.get_by_role("dialog", name="You may still be logged in")
    expect(dialog).to_contain_text("This site isn't responding right now")

    held[0].continue_()
    _expect_logged_out(page)
    assert len(held) == 1


def test_form_that_is_gone_is_sent(page: Page) -> None:
    """The button of a dialog that has closed: offline first, then the site's own 503."""
    page.evaluate(
        """() => {
          const form = document.querySelector("header form");
          form.addEventListener("submit", () => setTimeout(() => form.remove()));
        }"""
    )
    page.context.set_offline(True)
    _press(page)
    expect(page.get_by_role("dialog", name="You may still be logged in")).to_be_visible()

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            return route.continue_()
        return route.fulfill(status=503, json={}, content_type="application/problem+json")

    page.route("**/accounts/logout/", answer)
    page.context.set_offline(False)

    _expect_logged_out(page)


def test_confirmation_is_asked_for_once(page: Page) -> None:
    """By the page's own listener, though the form is sent by the script first, then by the browser."""
    asked: list[str] = []

    def accept(dialog: object) -> None:
        asked.append(dialog.message)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", accept)
    page.route(
        "**/accounts/logout/",
        lambda route: (
            route.continue_()
            if route.request.is_navigation_request()
            else route.fulfill(status=403, body="no")
        ),
    )
    page.evaluate(
        "() => { document.querySelector('header form').onsubmit = () => confirm('Really?'); }"
    )

    _press(page)

    _expect_logged_out(page)
    assert asked == ["Really?"]


@pytest.mark.parametrize("target", ["/#top", "/cars/add/#main", "/cars/add/?a#main"])
def test_fragment_leads_to_a_new_page(page: Page, target: str) -> None:
    """Also where it is that of the page itself, in this tab and in others."""
    path = urlsplit(target)._replace(fragment="").geturl()
    page.goto(path)
    other = another_tab(page, path)
    for tab in (page, other):
        tab.evaluate("window.old = true")
    page.locator("header form [name=next]").evaluate("(field, url) => (field.value = url)", target)

    _press(page)

    for tab in (page, other):
        if path == "/":
            expect(tab.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
            assert tab.url.endswith(target)
        else:
            expect(tab.locator("[name=password]")).to_be_visible()
        assert not tab.evaluate("window.old")


def test_target_that_is_no_page_leaves_nothing_private(page: Page) -> None:
    """A download, an empty answer: the browser stays where it is, and a link leads on."""
    page.route(lambda url: urlsplit(url).path == "/", lambda route: route.fulfill(status=204))

    _press(page)

    # A locator would wait for the page that does not come.
    until(lambda: page.evaluate(FOCUSED) == "Continue", "no link has the focus")
    assert "You have been logged out." in page.evaluate(
        "document.querySelector('dialog').innerText"
    )
    assert page.evaluate("document.body.childElementCount") == 0
    assert not page.evaluate("window.find('Offer a car')")
    page.unroute_all()
    page.evaluate("document.activeElement.click()")
    _expect_logged_out(page)


def test_full_storage_keeps_no_tab_from_leaving(page: Page) -> None:
    """Neither from a page of a logged-out user, nor from that of another one."""
    other = another_tab(page)
    for tab in (page, other):
        tab.evaluate(FULL)

    _press(page)

    for tab in (page, other):
        _expect_logged_out(tab)


def test_full_storage_shows_nothing_of_another_user(page: Page) -> None:
    """Fetching the page anew might go on for ever, so a link does it."""
    page.evaluate(FULL)
    log_in_quietly(page, "admin")

    look_at(page)

    dialog = page.get_by_role("dialog", name="This page belongs to a different account")
    expect(dialog.get_by_role("link")).to_have_attribute(
        "href", re.compile(r"/accounts/login/\?next=%2Fcars%2Fadd%2F$")
    )
    assert page.evaluate("document.body.childElementCount") == 0
