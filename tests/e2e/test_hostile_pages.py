"""Pages that get in the way of the script: plain HTTP, other languages, frames, dialogs, media."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import end
from tests.e2e.script import (
    OFTEN,
    PRIVATE,
    another_tab,
    end_session,
    go_back,
    is_hidden,
    log_in_quietly,
    look_at,
    watchful,
)
from tests.waiting import until

SECRET = "Only logged-in users can see this page."
WITHOUT_LOCKS = "delete Navigator.prototype.locks"
#: Of a page that opens a dialog of its own.
OPEN_DIALOG = """(where) => {
  const dialog = document.createElement("dialog");
  dialog.innerHTML = "<p>Do you like cars?</p><button>Yes</button>";
  let place = document.body;
  if (where === "shadow") {
    place = document.createElement("div");
    document.body.append(place);
    place.attachShadow({ mode: "open" });
    place = place.shadowRoot;
  }
  place.append(dialog);
  dialog.showModal();
}"""


def test_tabs_without_locks_ask_too(open_page: Open) -> None:
    """Browsers have locks on HTTPS only. Then each tab asks."""
    page = open_page(user="customer")
    page.context.add_init_script(WITHOUT_LOCKS)
    tabs = [watchful(page), watchful(another_tab(page))]

    end_session(page)

    for tab in tabs:
        expect(tab.get_by_role("dialog")).to_contain_text("You logged out.")
        assert is_hidden(tab, SECRET)


def test_tabs_on_plain_http_ask_too(open_page: Open, variant: Variant) -> None:
    """Under a host name that no browser trusts."""
    port = urlsplit(variant("http", "www")).port
    page = open_page(base_url=f"http://www.cars.test:{port}", user="customer")
    assert not page.evaluate("isSecureContext")
    page = watchful(page)

    end(page, "admin")

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(page, SECRET)


def test_no_lock_is_held(open_page: Open) -> None:
    """Firefox keeps no page for its Back button that holds one, or waits for one."""
    page = watchful(open_page(user="customer"))
    with page.expect_response("**/accounts/session/**") as asked:
        pass
    asked.value.finished()

    def is_free() -> bool:
        locks = page.evaluate("navigator.locks.query()")
        return not locks["held"] and not locks["pending"]

    # For a moment after the answer it is.
    until(is_free, "the lock is held")


def test_tabs_in_two_languages_hear_of_each_other(open_page: Open, variant: Variant) -> None:
    """Where the language is in the address, as with Django's ``i18n_patterns``."""
    page = open_page("/en/accounts/login/", base_url=variant("http", "languages"))
    page.fill("[name=username]", "customer")
    page.fill("[name=password]", "customer-customer")
    page.click("main form button")
    page.wait_for_url("/en/")
    other = another_tab(page, "/pt-br/cars/add/")
    expect(other.get_by_role("banner")).to_contain_text("customer")

    page.get_by_role("banner").get_by_role("button", name="Log out").click()

    other.wait_for_url("/en/")
    expect(other.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.parametrize("where", ["page", "shadow"])
def test_dialog_of_the_page_does_not_cover_ours(open_page: Open, where: str) -> None:
    """One that it opens later: a browser lets only the last one be used."""
    page = open_page(PRIVATE, user="customer")
    end_session(page)
    look_at(page)
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()

    page.evaluate(OPEN_DIALOG, where)

    expect(dialog.get_by_role("link", name="Log in again")).to_be_focused()
    assert is_hidden(page, SECRET)
    dialog.get_by_role("link", name="Log in again").click()
    page.wait_for_url("/accounts/login/?next=%2Fcars%2Fadd%2F")


@pytest.mark.lacks(firefox="locators on a page that it has kept, by WebDriver BiDi")
def test_page_that_is_kept_keeps_its_title(open_page: Open) -> None:
    """In the browser's history, and when it comes back."""
    page = open_page(PRIVATE, user="customer")
    title = page.title()
    page.evaluate("() => { onpagehide = () => sessionStorage.setItem('title', document.title); }")
    page.goto("/")
    assert page.evaluate("sessionStorage.getItem('title')") == title

    go_back(page)

    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    expect(page).to_have_title(title)


def test_frame_is_emptied_and_stays(open_page: Open, variant: Variant) -> None:
    """The next page is for the window, not for a frame in it."""
    page = open_page(base_url=variant("http", "www"), user="customer")
    page.route(f"**{PRIVATE}?framed", _allow_framing)
    page.goto("/trial/page/secret/")
    page.evaluate(
        """(src) => {
          const frame = Object.assign(document.createElement("iframe"), { src });
          document.body.append(frame);
        }""",
        f"{PRIVATE}?framed",
    )
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Offer a car")).to_be_visible()
    other = another_tab(page, "/")

    other.get_by_role("banner").get_by_role("button", name="Log out").click()

    dialog = frame.get_by_role("dialog", name="You have been logged out.")
    expect(dialog.get_by_role("link", name="Continue")).to_have_attribute("target", "_top")
    expect(frame.get_by_role("heading", name="Offer a car")).to_have_count(0)
    assert page.frames[1].url.endswith("?framed")
    dialog.get_by_role("link", name="Continue").click()
    page.wait_for_url("/")


def _allow_framing(route: Route) -> None:
    answer = route.fetch()
    headers = {**answer.headers, "content-security-policy": "", "x-frame-options": ""}
    route.fulfill(response=answer, headers=headers)


def test_text_from_before_the_script_is_not_lost(open_page: Open) -> None:
    """The network is slow, and the user is not."""
    page = open_page(user="customer")
    held: list[Route] = []
    page.route("**/logout.js", lambda route: held.append(route))  # noqa: PLW0108 - it is marked
    with page.expect_request("**/logout.js"):
        page.goto(PRIVATE, wait_until="commit")
    page.fill("[name=brand]", "Puma")
    held[0].continue_()
    page.wait_for_load_state()
    end_session(page)

    look_at(page)

    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog.get_by_text("What you typed")).to_be_visible()
    expect(dialog.get_by_role("link")).to_have_attribute("target", "_blank")


def test_untouched_form_is_not_said_to_be_typed(open_page: Open) -> None:
    """Some fields have other values than their defaults from the beginning."""
    page = open_page(PRIVATE, user="customer")
    page.evaluate(
        """() => {
          for (const type of ["checkbox", "radio", "color", "range", "date", "hidden", "submit"])
            document.querySelector("main form").append(
              Object.assign(document.createElement("input"), { type }));
        }"""
    )
    end_session(page)
    look_at(page)

    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text("What you typed")).not_to_be_visible()
    expect(dialog.get_by_role("link")).not_to_have_attribute("target", "_blank")


def test_clock_that_was_put_back_in_a_hidden_tab(open_page: Open) -> None:
    """It is asked by the page's own time, and when the user comes back to the tab."""
    page = open_page(user="customer")
    page.clock.install()
    page.add_init_script(OFTEN)
    page.goto(PRIVATE)
    page.clock.run_for(3000)
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true }); }"
    )
    page.clock.set_system_time("2020-01-01T00:00:00Z")
    page.clock.run_for(3000)
    log_in_quietly(page, "customer")
    end_session(page)

    with page.expect_response("**/accounts/session/**"):
        page.clock.run_for(3000)

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
