"""The sessions page in a real browser, with and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import pages
from tests.e2e.conftest import Open, Variant, is_logged_in
from tests.e2e.navigation import end_others

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
NARROW = {"width": 320, "height": 640}


def _two(open_page: Open, **options: object) -> tuple[Page, Page]:
    """A computer on the list of its sessions, and a phone, both of one user."""
    page = open_page("/accounts/sessions/", user="admin", **options)
    if page.get_by_role("link", name="End all other sessions").is_visible():
        end_others(page)
    phone = open_page(user="admin", user_agent=IPHONE)
    page.bring_to_front()  # the phone is a window of the same Firefox
    page.goto("/")
    page.get_by_role("link", name="Your sessions").click()
    page.get_by_role("heading", name="Your sessions").wait_for()
    return page, phone


def _many(open_page: Open, variant: Variant, **options: object) -> Page:
    """Sessions on many devices, three of them on one."""

    def opens(path: str, *, name: str = "www", user: str = "customer") -> Page:
        return open_page(path, base_url=variant("http", name), user=user, **options)

    return pages.many_sessions(opens)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_button_ends_the_session_it_names(open_page: Open, scripts: bool) -> None:
    """It asks first, naming the device; then says so, where a screen reader hears it. This browser
    stays, and its page can be reloaded without ending anything again."""
    page, phone = _two(open_page, java_script_enabled=scripts)

    page.get_by_role("link", name="End the session on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End this session?")
    expect(page.get_by_role("listitem")).to_contain_text("iPhone")
    assert is_logged_in(phone)
    page.get_by_role("button", name="End session").click()

    expect(page.get_by_role("status")).to_contain_text("iPhone")
    expect(page).to_have_url("/accounts/sessions/")
    expect(page.get_by_text("Only this device")).to_be_visible()
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
    assert not is_logged_in(phone)
    assert is_logged_in(page)


def test_the_question_can_be_cancelled(open_page: Open) -> None:
    """By its most prominent button, which leads back."""
    page, phone = _two(open_page)

    page.get_by_role("link", name="End the session on").click()
    page.get_by_role("link", name="Cancel").click()

    expect(page).to_have_url("/accounts/sessions/")
    assert is_logged_in(phone)


@pytest.mark.parametrize("scripts", [True, False])
def test_those_that_are_ticked_end(open_page: Open, variant: Variant, scripts: bool) -> None:
    """The box of a device ticks all its sessions."""
    page = _many(open_page, variant, java_script_enabled=scripts)
    boxes = page.get_by_role("checkbox")

    boxes.and_(page.get_by_label("Firefox on Windows")).first.check()
    boxes.and_(page.get_by_label("Safari on iPhone")).check()
    page.get_by_role("button", name="End selected").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(4)
    page.get_by_role("button", name="End all of them").click()

    expect(page.get_by_role("status")).to_have_text("Sessions ended: 4.")
    ended = page.get_by_role("region", name="Recently ended")
    expect(ended.get_by_text("Firefox on Windows")).to_have_count(3)


def test_the_sessions_of_one_device_can_be_told_apart(open_page: Open, variant: Variant) -> None:
    """When opened: by their times, which the keyboard reaches; and ended one by one."""
    page = _many(open_page, variant)
    device = page.get_by_role("listitem").filter(has_text="Sessions: 3")

    expect(device.get_by_role("listitem")).to_have_count(0)
    device.get_by_text("Show each session").focus()
    page.keyboard.press("Enter")
    each = device.get_by_role("listitem")
    expect(each).to_have_count(3)
    assert len(set(each.all_inner_texts())) == 3
    each.nth(1).get_by_text("Details").click()
    expect(each.nth(1).get_by_role("term").filter(has_text="Logged in")).to_be_visible()
    device.get_by_role("checkbox").first.check()
    expect(each.get_by_role("checkbox")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_list_can_be_searched(open_page: Open, variant: Variant, scripts: bool) -> None:
    """By a form, and back to all."""
    page = _many(open_page, variant, java_script_enabled=scripts)

    page.get_by_role("searchbox").fill("edge 3")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="End the session on")).to_have_count(1)
    page.get_by_role("searchbox").fill("Netscape")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("Nothing found for “Netscape”.")
    page.get_by_role("link", name="Show all").click()

    expect(page.get_by_role("link", name="End the session on").nth(3)).to_be_visible()


def test_the_keyboard_is_enough(open_page: Open) -> None:
    """Each button can be reached, and seen where it is."""
    page, phone = _two(open_page)
    _tab_to(page, "link", "End all other sessions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/end-others/")
    _tab_to(page, "button", "End all of them")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("Sessions ended: 1.")
    assert not is_logged_in(phone)


def _tab_to(page: Page, role: str, name: str) -> None:
    wanted = page.get_by_role(role, name=name)  # type: ignore[arg-type]
    for _ in range(20):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if wanted.evaluate("way => way === document.activeElement"):
            return
    pytest.fail(f"{name} cannot be reached.")


@pytest.mark.smoke
def test_on_all_my_devices(open_page: Open) -> None:
    """One tick, and the phone is out too."""
    page, phone = _two(open_page)
    page.goto("/accounts/logout/")

    page.get_by_label("Log out on all my devices").check()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()

    assert not is_logged_in(phone)
    assert not is_logged_in(page)


def test_the_actions_stay_in_reach_on_a_phone(open_page: Open, variant: Variant) -> None:
    """On a long list they are at the edge of the screen, and cover nothing that has the focus. At
    400 % zoom the screen is too low for that."""
    page = _many(open_page, variant, viewport={"width": 375, "height": 720})
    bar = page.locator(".logout-bar")

    assert page.evaluate("document.documentElement.scrollHeight > 1000")
    expect(bar).to_be_in_viewport(ratio=1)
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(
            """() => {
              const way = document.activeElement.getBoundingClientRect();
              const bar = document.querySelector(".logout-bar").getBoundingClientRect();
              const own = document.activeElement.closest(".logout-bar");
              return own !== null || way.bottom <= bar.top || way.top >= bar.bottom;
            }"""
        )
    page.set_viewport_size({"width": 320, "height": 256})
    page.evaluate("scrollTo(0, 0)")
    expect(bar).not_to_be_in_viewport()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)


def test_a_row_is_short_on_a_phone(open_page: Open, variant: Variant) -> None:
    """The device, when it was used and where, and what can be done: four lines and the edge."""
    page = _many(open_page, variant, viewport={"width": 375, "height": 720})

    heights = page.locator(".logout-list > li").evaluate_all(
        "rows => rows.map(r => r.offsetHeight)"
    )

    assert max(heights) < 150
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_word_is_broken_in_german(open_page: Open, variant: Variant) -> None:
    """And no time wraps, however long it is."""
    page = _many(open_page, variant, viewport=NARROW, locale="de")

    expect(page.get_by_role("heading", name="Dieses Gerät")).to_be_visible()
    broken = page.evaluate(
        """() => {
          const found = [], walker = document.createTreeWalker(document.querySelector("main"), 4);
          for (let text; (text = walker.nextNode()); ) {
            for (const { 0: word, index } of text.data.matchAll(/[\\p{L}\\d]+/gu)) {
              const range = document.createRange();
              range.setStart(text, index);
              range.setEnd(text, index + word.length);
              if (new Set([...range.getClientRects()].map((r) => r.top)).size > 1) found.push(word);
            }
          }
          return found;
        }"""
    )
    assert broken == []
    lines = page.locator("time:visible").evaluate_all(
        "all => all.map(t => t.getClientRects().length)"
    )
    assert set(lines) == {1}


def test_it_is_heard_as_what_it_is(open_page: Open, variant: Variant) -> None:
    """Regions with headings, a box with the name of its device, and its facts as a description."""
    page = _many(open_page, variant, viewport=NARROW)

    for name in ("This device", "Other devices", "Recently ended"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    box = page.get_by_role("checkbox", name="Safari on iPhone")
    expect(box).to_have_accessible_description("Last used: 2\xa0hours ago 203.0.113.x")
    expect(page.get_by_role("link", name="End the session on Safari on iPhone")).to_be_visible()
