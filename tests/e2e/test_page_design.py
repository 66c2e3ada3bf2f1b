"""Every page of ours: accessible, on any screen and paper, in both directions, without scripts."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import pages
from tests.e2e.conftest import Open, Variant, assert_accessible, assert_fits
from tests.e2e.script import SHOW_DIALOG

every_look = pytest.mark.parametrize("look", pages.ALL, ids=lambda look: look.__name__)
BRIGHTNESS = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
#: Blocks and Arabic words that do not read from right to left.
LEFT_TO_RIGHT = """
[...document.querySelectorAll("main *")].filter((part) => {
  const { direction, display } = getComputedStyle(part);
  const matters = /\\p{Script=Arabic}/u.test(part.textContent) || !display.startsWith("inline");
  return matters && direction === "ltr";
}).map((part) => part.outerHTML)
"""
#: Buttons whose focus ring touches another button, or something that is read.
CROWDED = """
[...document.querySelectorAll(".logout-button")].flatMap((button) => {
  if (!button.checkVisibility()) return [];
  const ring = button.getBoundingClientRect();
  const others = `.logout-button, .logout-badge, .logout-facts > span, .logout-details > summary`;
  return [...document.querySelectorAll(others)].filter((other) => {
    const box = other.getBoundingClientRect();
    // The bar of actions stays in reach, above what scrolls.
    const apart = Boolean(button.closest(".logout-bar")) !== Boolean(other.closest(".logout-bar"));
    if (other === button || apart || !other.checkVisibility()) return false;
    return ring.left - 6 < box.right && box.left < ring.right + 6
      && ring.top - 6 < box.bottom && box.top < ring.bottom + 6;
  }).map((other) => [button.textContent.trim(), other.textContent.trim()]);
})
"""
#: Latin words that can be seen, but for the names of devices.
LATIN = """
[...document.querySelectorAll("main *, dialog *")].flatMap((part) => {
  if (part.closest("bdi, script, svg") || !part.checkVisibility()) return [];
  const own = [...part.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  return own.flatMap((node) => node.data.match(/[A-Za-z]{2,}/g) ?? []);
})
"""
#: Names in the pages, which no language translates.
NAMES = {
    "customer",
    "IP",
    "API",
    "Keycloak",
    "Spare",
    "parts",
    "Rally",
    "club",
    "Workshop",
    "Safari",
    "iPhone",
    "Program",
}


def _opens(open_page: Open, variant: Variant, **options: Any) -> pages.Opens:
    def opens(path: str, *, name: str = "www", user: str = "customer") -> Page:
        return open_page(path, base_url=variant("http", name), user=user, **options)

    return opens


@every_look
@pytest.mark.lacks(firefox="emulation of media, by WebDriver BiDi")
def test_every_page_suits_everybody(open_page: Open, variant: Variant, look: Any) -> None:
    """By keyboard all there is to press can be reached, and seen where it is; WCAG 2.2 AA as far as
    a machine can tell, light and dark; from 320 pixels up; on paper black on white, with nothing
    to press. (And nothing that the policy refuses: ``open_page``.)"""
    page = look(_opens(open_page, variant))
    _assert_works_by_keyboard(page)
    _assert_danger_is_marked(page)
    _assert_buttons_have_edges(page)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BRIGHTNESS) < 64
    assert_accessible(page)

    for width in (320, 480, 768, 1600):
        page.set_viewport_size({"width": width, "height": 640})
        assert_fits(page)
        assert page.evaluate(CROWDED) == []

    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate(BRIGHTNESS) == 255
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@every_look
def test_every_page_reads_from_right_to_left(open_page: Open, variant: Variant, look: Any) -> None:
    """In Arabic, and nothing but Arabic, on a narrow screen."""
    narrow = {"width": 320, "height": 640}
    page = look(_opens(open_page, variant, locale="ar", viewport=narrow))

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert_fits(page)
    assert page.evaluate(LEFT_TO_RIGHT) == []
    assert page.evaluate(CROWDED) == []
    assert set(page.evaluate(LATIN)) <= NAMES
    heading, card = page.get_by_role("heading", level=1), page.get_by_role("main")
    assert _right(card) - _right(heading) < 40


def _assert_danger_is_marked(page: Page) -> None:
    """What ends other sessions has a colour of its own, and is not the most prominent button."""
    for button in page.get_by_role("button", name=re.compile("everywhere|End ")).all():
        expect(button).to_contain_class("logout-danger")
    for button in page.locator(".logout-danger:visible").all():
        assert button.evaluate("b => getComputedStyle(b).backgroundColor") == "rgba(0, 0, 0, 0)"
        colour = button.evaluate("b => getComputedStyle(b).color")
        red, green, blue = map(int, re.findall(r"\d+", colour))
        assert red > 2 * max(green, blue)


def _assert_buttons_have_edges(page: Page) -> None:
    """Where the system chooses the colours, there are no backgrounds by which to know a button."""
    page.emulate_media(forced_colors="active")
    for button in page.locator(".logout-button:visible").all():
        assert "solid" in button.evaluate("b => getComputedStyle(b).border")
    page.emulate_media(forced_colors="none")


def _assert_works_by_keyboard(page: Page) -> None:
    # The arrow keys lead to the other radio buttons of a group.
    fields = "input:not([type=hidden], [type=radio]:not(:checked))"
    ways = page.locator(f"main :is(a, button, summary, {fields}):visible")

    for index in range(ways.count()):
        page.keyboard.press("Tab")
        assert ways.nth(index).evaluate("way => way === document.activeElement")
        assert ways.nth(index).evaluate("way => getComputedStyle(way).outlineStyle") != "none"


def _right(what: Any) -> float:
    box = what.bounding_box()
    return float(box["x"] + box["width"])


@pytest.mark.parametrize("name", ["unknown", "ended", "warning", "final", "waiting"])
def test_every_dialog_leaves_room_for_focus_rings(open_page: Open, name: str) -> None:
    """On a phone, where the buttons are below each other, in the language with the longest words."""
    phone = {"width": 375, "height": 640}
    page = open_page("/cars/add/", user="customer", viewport=phone, locale="de")
    page.evaluate(SHOW_DIALOG, name)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(CROWDED) == []


def test_the_forms_work_without_scripts(open_page: Open, variant: Variant) -> None:
    """The question, and the report of a mail."""
    opens = _opens(open_page, variant, java_script_enabled=False)
    page = pages.question(opens)
    page.get_by_label("Log out on all my devices").check()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading")).to_have_text("Logged out")

    page = pages.not_me_done(opens)
    expect(page.get_by_role("heading")).to_have_text(re.compile("everywhere"))
