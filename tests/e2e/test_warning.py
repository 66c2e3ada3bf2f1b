"""The warning before the end: by the server's clock, in all tabs, with nothing but a keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, Variant, assert_accessible, assert_fits, is_logged_in
from tests.e2e.script import PRIVATE, another_tab, look_at

HASTY = "Mozilla/5.0 (X11; Linux x86_64) Hasty/1.0 Chrome/150.0 Safari/537.36"


@pytest.fixture
def page(open_page: Open) -> Page:
    """A form, in a browser whose session may idle for 22 seconds; 20 before its end it is warned."""
    page = open_page(user="customer", user_agent=HASTY)
    page.clock.install()
    page.goto(PRIVATE)
    page.fill("[name=brand]", "Puma")
    return page


def _wait_for_warning(page: Page) -> None:
    page.wait_for_timeout(1300)  # the server's clock
    page.clock.fast_forward(6000)  # the page's own, to its next question
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()


def _told(seconds: int, idle: int | None) -> Callable[[Route], None]:
    """Return what the server would say at a time that a test cannot wait for."""

    def tell(route: Route) -> None:
        if route.request.method == "POST":
            return route.fallback()
        answer = route.fetch()
        return route.fulfill(
            response=answer,
            json={**answer.json(), "expires_in": seconds, "idle_expires_in": idle},
        )

    return tell


@pytest.mark.smoke
def test_enter_is_enough_to_stay(page: Page) -> None:
    """The button has the focus, which goes back to where it was; the server knows of it."""
    _wait_for_warning(page)
    stay = page.get_by_role("button", name="Stay logged in")
    expect(stay).to_be_focused()

    with page.expect_response(lambda answer: answer.request.method == "POST") as stayed:
        page.keyboard.press("Enter")

    assert stayed.value.json()["idle_expires_in"] in {21, 22}
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[name=brand]")).to_be_focused()
    assert page.input_value("[name=brand]") == "Puma"


def test_escape_extends_the_session(page: Page) -> None:
    """A user who presses it is present."""
    _wait_for_warning(page)

    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[name=brand]")).to_be_focused()


def test_tab_stays_in_the_dialog_and_logging_out_is_one_key_away(page: Page) -> None:
    """The page behind cannot be reached, and the other button does what it says."""
    _wait_for_warning(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out now")).to_be_focused()
    assert not page.evaluate("document.activeElement.closest('body')")

    page.keyboard.press("Enter")

    page.wait_for_url("/accounts/logout/")
    expect(page.get_by_role("heading")).to_have_text("Logged out")
    assert not is_logged_in(page)


def test_staying_in_one_tab_is_staying_in_all(page: Page) -> None:
    """They warn together, and stop together."""
    other = another_tab(page)
    _wait_for_warning(page)
    expect(other.get_by_role("dialog", name="Are you still there?")).to_be_visible()

    other.get_by_role("button", name="Stay logged in").click()

    for tab in (page, other):
        expect(tab.get_by_role("dialog")).to_have_count(0)


def test_it_counts_and_is_heard_only_now_and_then(page: Page) -> None:
    """Seconds for the eye; for the ear each twenty."""
    _wait_for_warning(page)
    page.route("**/accounts/session/**", lambda route: route.abort())
    dialog = page.get_by_role("dialog")

    heard, seen = set(), set()
    for _ in range(5):
        page.clock.run_for(1000)
        heard.add(dialog.get_by_role("status").text_content())
        seen.add(dialog.get_by_role("timer").text_content())

    assert heard == {"You will be logged out in: 10 seconds"}
    assert len(seen) == 5
    assert all(re.fullmatch(r"1\d seconds", text or "") for text in seen)


#: Before the script runs: what each dialog says at the moment at which it opens.
NOTE_OPENING = """
window.opened = [];
const { showModal } = HTMLDialogElement.prototype;
HTMLDialogElement.prototype.showModal = function () {
  opened.push([...this.querySelectorAll("[data-left]")].map(({ textContent }) => textContent));
  showModal.call(this);
};
"""


@pytest.mark.parametrize("language", ["en", "en_US", "not a language", ""])
def test_it_opens_with_the_time_that_is_left(open_page: Open, language: str) -> None:
    """Whatever the page says of its language: not every ``lang`` is a tag that browsers know."""
    page = open_page(user="customer")
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - it is marked
    page.add_init_script(NOTE_OPENING)
    page.goto(PRIVATE)
    page.evaluate("language => { document.documentElement.lang = language; }", language)
    page.route("**/accounts/session/**", _told(5000, 43))

    look_at(page)

    timer = page.get_by_role("dialog", name="Are you still there?").get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"^\d\d seconds$"))
    ((seen, heard),) = page.evaluate("opened")
    assert re.fullmatch(r"4[0-3] seconds", seen)
    assert heard == "40 seconds"
    assert not errors


def test_what_is_heard_is_never_more_than_what_is_left(open_page: Open) -> None:
    """Rounded down, and said in a few steps."""
    page = open_page(user="customer")
    page.clock.install()
    page.goto(PRIVATE)
    page.route("**/accounts/session/**", _told(5000, 43))
    page.clock.run_for(2500)  # it has perhaps asked just now
    look_at(page)
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog.get_by_role("timer")).to_have_text(re.compile("^4[0-3] seconds$"))
    page.unroute_all()
    page.route("**/accounts/session/**", lambda route: route.abort())

    pairs = []
    for _ in range(45):
        page.clock.run_for(1000)
        texts = (dialog.get_by_role("timer"), dialog.get_by_role("status"))
        pairs.append([int(re.search(r"\d+", each.text_content() or "")[0]) for each in texts])  # type: ignore[index]

    assert all(heard <= seen for seen, heard in pairs)
    assert {heard for seen, heard in pairs if seen >= 5} == {20, 10, 5} | {pairs[0][1]}


def test_what_cannot_be_put_off_is_said_and_does_not_come_again(page: Page) -> None:
    """A maximum length: no button pretends to help, and who has read it can go on working."""
    page.route("**/accounts/session/**", _told(15, None))
    page.clock.fast_forward(6000)
    dialog = page.get_by_role("dialog", name="Your session is about to end")
    expect(dialog.get_by_role("link", name="Log in again")).to_have_attribute("target", "_blank")
    expect(dialog.get_by_role("button", name="Stay logged in")).to_have_count(0)

    dialog.get_by_role("button", name="Continue").click()
    page.clock.run_for(3000)
    with page.expect_response("**/accounts/session/**"):
        page.clock.run_for(3000)
        look_at(page)

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[name=brand]")).to_be_focused()


@pytest.mark.parametrize("clock", ["fast_forward", "set_system_time"])
def test_after_sleep_and_a_changed_clock_the_server_is_asked(page: Page, clock: str) -> None:
    """A computer that was asleep for an hour, or whose clock was put back by a year, shows what is
    so: here, that all is well."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/accounts/session/**", _told(5000, 3000))
    if clock == "fast_forward":
        page.clock.fast_forward(3_600_000)
    else:
        page.clock.set_system_time("2020-01-01T00:00:00Z")
        page.clock.run_for(2000)

    page.wait_for_timeout(300)

    assert any("/accounts/session/" in url for url in asked)
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en"), ("dark", "ar")])
def test_dialogs_are_accessible_on_narrow_screens(
    open_page: Open, variant: Variant, scheme: str, locale: str
) -> None:
    """WCAG 2.2 AA as far as a machine can tell; 320 pixels, no sideways scrolling. They read as
    their language does, whatever the page around them."""
    page = open_page(
        PRIVATE,
        base_url=variant("http", "www"),
        user="customer",
        locale=locale,
        color_scheme=scheme,
        viewport={"width": 320, "height": 480},
    )
    for told in (_told(5000, 25), _told(15, None)):
        page.route("**/accounts/session/**", told)
        page.wait_for_timeout(2100)
        look_at(page)
        direction = "rtl" if locale == "ar" else "ltr"
        expect(page.get_by_role("dialog")).to_have_css("direction", direction)
        assert_accessible(page)
        assert_fits(page)
