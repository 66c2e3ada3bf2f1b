"""What the tests of the script need: a page that polls often, and an ending from elsewhere."""

from contextlib import suppress

from playwright.sync_api import Error, Page

from tests.e2e.browsers import is_firefox

#: Before the script runs: it shall ask each second instead of each minute.
OFTEN = """
document.addEventListener("readystatechange", () => {
  const script = document.querySelector("script[data-logout]");
  if (script) script.dataset.poll = "1";
});
"""
#: Show a dialog of the script, by its name, whatever the state of the session.
SHOW_DIALOG = """
name => {
  const { content } = document.querySelector("template[data-logout]");
  document.querySelector("dialog[open]")?.remove();
  const dialog = document.importNode(content.querySelector(`[data-name=${name}]`), true);
  for (const left of dialog.querySelectorAll("[data-left]")) left.textContent = "1:30";
  for (const why of dialog.querySelectorAll("[data-message]"))
    why.textContent = "You were logged out from another device or browser.";
  for (const link of dialog.querySelectorAll("a")) link.href = "/";
  document.documentElement.append(dialog);
  dialog.showModal();
}
"""
PRIVATE = "/cars/add/"


def watchful(page: Page, path: str = PRIVATE) -> Page:
    """Opened again, and asking often."""
    page.add_init_script(OFTEN)
    page.goto(path)
    return page


def another_tab(page: Page, path: str = PRIVATE) -> Page:
    """Of the same browser."""
    tab = page.context.new_page()
    tab.goto(path)
    return tab


def end_session(page: Page) -> None:
    """Without a word to any page of this browser; its cookie stays where it is."""
    cookies = page.context.cookies()
    browser = page.context.browser
    assert browser is not None
    elsewhere = browser.new_context(base_url=page.url)
    elsewhere.add_cookies(cookies)  # type: ignore[arg-type]
    answer = elsewhere.request.post(
        "/accounts/logout/", headers={"Origin": origin(page), "Accept": "application/json"}
    )
    assert answer.json()["logged_out"]
    elsewhere.close()


def log_in_quietly(page: Page, user: str) -> None:
    """In this browser, without a page that could tell the others."""
    request = page.context.request
    token = next(
        line.split('value="')[1].split('"')[0]
        for line in request.get("/accounts/login/").text().splitlines()
        if "csrfmiddlewaretoken" in line
    )
    form = {"csrfmiddlewaretoken": token, "username": user, "password": f"{user}-{user}"}
    answer = request.post("/accounts/login/", form=form, max_redirects=0)
    assert answer.status == 302


def origin(page: Page) -> str:
    """Of the site."""
    return str(page.evaluate("location.origin"))


def look_at(page: Page) -> None:
    """Come back to this tab. It may be on its way to the next page already, since a witness tells it
    of a login. Firefox has come back by itself when it was loaded; the script does not ask again
    for two seconds."""
    if is_firefox(page):
        page.wait_for_timeout(2200)
    with suppress(Error):
        page.evaluate("dispatchEvent(new Event('focus'))")


def go_back(page: Page) -> None:
    """By the button, whether the browser has kept the page or not."""
    page.evaluate("void setTimeout(() => history.back())")


def is_hidden(page: Page, text: str) -> bool:
    """Return whether this element can be neither seen, heard nor found on the page."""
    heard = text in page.locator("html").aria_snapshot()
    found = page.evaluate("text => window.find(text)", text)
    seen = page.evaluate("document.body.innerText").strip()
    return not (heard or found or seen)
