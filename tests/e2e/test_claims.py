"""What docs/browser.md claims of the script, in every browser: its table is written from here."""

import time

import pytest

from tests.e2e.conftest import Note
from tests.e2e.driving.base import Tab
from tests.e2e.driving.cable import cable
from tests.e2e.driving.visits import (
    BUTTON,
    OFTEN,
    PRIVATE,
    SECRET,
    Visits,
    another_tab,
    enter,
    log_in,
)

ENDED = "Your session has ended"
AWAY = "You may still be logged in"
#: By this clock the same in all tabs.
TELL_COVERED = """() => {
  const look = () => {
    if (document.querySelector("dialog[open]") ?? !document.body.childElementCount)
      localStorage.covered ??= Date.now();
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}"""
STORED = "() => [localStorage.length, sessionStorage.length, document.cookie.includes('Puma')]"
TELL_PRESSED = """() =>
  addEventListener("click", () => { localStorage.pressed = Date.now(); }, { capture: true })"""


def _note_time(note: Note, tab: Tab) -> None:
    passed = tab.evaluate("() => localStorage.covered - localStorage.pressed")
    note(f"{passed / 1000:.2f} s")


def _expect_logged_out(tab: Tab) -> None:
    tab.wait("() => Boolean(document.querySelector('header [data-account] > a'))")
    tab.wait_for_path("/")
    assert "Log in" in tab.text
    assert not tab.user


@pytest.mark.smoke
@pytest.mark.claim("The button logs out, and every other tab leaves its page at once")
def test_other_tab_leaves_at_once(visit: Visits, note: Note) -> None:
    """Nothing of it is left, not even for the Back button."""
    first = visit("/")
    session = first.browser.cookies(first)["sessionid"]
    second = another_tab(first)
    second.evaluate(TELL_COVERED)
    first.evaluate(TELL_PRESSED)

    first.click(BUTTON)

    for tab in (second, first):
        _expect_logged_out(tab)
    assert not visit.is_active(first, session)
    _note_time(note, second)


@pytest.mark.smoke
@pytest.mark.claim("A logout that no script announces is noticed in the other tabs, by a cookie")
def test_unannounced_logout_is_noticed(visit: Visits, note: Note) -> None:
    """Long before the tab would ask, and without the user coming back to it."""
    page = visit()
    page.evaluate(TELL_COVERED)
    other = another_tab(page, "/trial/page/without/")
    other.evaluate(TELL_PRESSED)

    other.click("button")

    page.wait_for_dialog(ENDED)
    assert page.hides(SECRET)
    _note_time(note, page)
    if page.evaluate("() => 'cookieStore' in window"):
        note("by the Cookie Store API")


@pytest.mark.claim("The same without the Cookie Store API")
def test_unannounced_logout_is_noticed_without_the_cookie_store(visit: Visits, note: Note) -> None:
    """Within a second or two."""
    page = visit(script="delete window.cookieStore;")
    page.evaluate(TELL_COVERED)
    other = another_tab(page, "/trial/page/without/")
    other.evaluate(TELL_PRESSED)

    other.click("button")

    page.wait_for_dialog(ENDED)
    _note_time(note, page)


@pytest.mark.smoke
@pytest.mark.claim(
    "A login in another tab brings a page back whose session has ended, with what was typed"
)
def test_login_brings_the_page_back(visit: Visits) -> None:
    """In the tab to which the dialog leads, or in any other. Nothing is put into any storage."""
    page = visit()
    page.fill("[name=brand]", "Puma")
    visit.end()
    page.come_back()
    assert "What you typed is still on this page." in page.wait_for_dialog(ENDED)
    assert page.evaluate(STORED) == [0, 0, False]
    before = page.browser.tabs()

    page.click("dialog a")

    page.wait_until(lambda: len(page.browser.tabs()) > len(before), "no new tab")
    (login,) = [tab for tab in page.browser.tabs() if tab.path.startswith("/accounts/login/")]
    login.wait_for_path("/accounts/login/?next=%2Fcars%2Fadd%2F")
    enter(login)
    login.wait_for_path(PRIVATE)
    page.wait_for_no_dialog()
    assert page.evaluate(STORED) == [0, 0, False]
    assert page.evaluate("() => document.querySelector('[name=brand]').value") == "Puma"
    page.fill("[name=model]", "GTE")
    page.fill("[name=year]", "1976")
    page.fill("[name=price]", "51000")
    page.click("main form button")
    page.wait_for_text("Puma GTE was added to the list.")


@pytest.mark.smoke
@pytest.mark.claim("A page of another user is emptied, and fetched anew")
def test_another_user_is_noticed(visit: Visits) -> None:
    """What was hers is not shown to him."""
    page = visit()
    page.fill("[name=brand]", "Secret")
    other = another_tab(page, "/trial/page/without/")

    log_in(other, "admin")

    page.wait_for_text("admin")
    assert page.evaluate("() => document.querySelector('[name=brand]').value") == ""


@pytest.mark.claim("A login on a page of another user leads where it should, however slowly")
def test_own_form_is_not_interrupted(visit: Visits) -> None:
    """The witness changes before the next page comes, and other tabs speak of the new user."""
    page = visit("/accounts/login/")
    other = another_tab(page)
    visit.tell(rules=[{"path": "/", "delay": 3}])

    enter(page, "admin")

    page.wait_for_path("/")
    assert page.user == "admin"
    other.wait_for_text("admin")
    assert not visit.asked("/accounts/login/", "GET")


@pytest.mark.claim(
    "A page that logs out by a fetch of its own shows the response; other tabs leave"
)
def test_logout_by_a_fetch_of_the_page(visit: Visits) -> None:
    """No dialog covers what the page says."""
    page = visit("/ways/json/")
    other = another_tab(page)

    page.click("main form button")

    page.wait_for_text('"logged_out": true')
    other.wait_for_dialog(ENDED)
    time.sleep(2)
    assert page.dialog == ""
    assert page.evaluate("() => document.activeElement.innerText") == "Continue"


@pytest.mark.smoke
@pytest.mark.claim("Two clicks send one logout")
def test_two_clicks_are_one_logout(visit: Visits) -> None:
    """However impatient."""
    page = visit()

    page.evaluate(
        "() => { const b = document.querySelector('header form button'); b.click(); b.click(); }"
    )

    _expect_logged_out(page)
    assert len(visit.asked("/accounts/logout/", "POST")) == 1


@pytest.mark.smoke
@pytest.mark.claim("Back shows nothing private after logging out")
def test_back_after_the_button(visit: Visits) -> None:
    """Twice back and twice forward."""
    page = visit("/ways/json/")
    page.go(PRIVATE)
    page.click(BUTTON)
    _expect_logged_out(page)

    for steps in (-1, -1, 1, 1):
        page.back(steps)
        assert not page.user


@pytest.mark.claim("With the script a browser can still keep a page for its Back button")
def test_page_is_kept_for_the_back_button(visit: Visits) -> None:
    """It is shown as soon as the server has confirmed the session."""
    page = visit()
    page.evaluate("() => { window.kept = true; }")
    page.go("/")

    page.back()

    page.wait_for_no_dialog()
    assert SECRET in page.text
    assert page.evaluate("() => window.kept === true"), "it has not been kept"


#: The state of the page in the moment in which it comes back.
TELL_SHOWN = """() => addEventListener("pageshow", () => {
  window.shown = document.querySelector("dialog[open]")?.dataset.name;
})"""


@pytest.mark.claim("Such a page is covered from the first moment, until the session is confirmed")
def test_kept_page_is_covered(visit: Visits) -> None:
    """If that has ended elsewhere, it stays covered."""
    page = visit()
    page.evaluate(TELL_SHOWN)
    page.go("/")
    visit.end()

    page.back()

    page.wait_for_dialog(ENDED)
    assert page.hides(SECRET)
    assert page.evaluate("() => window.shown") == "checking"


@pytest.mark.claim("It stays covered while the site does not respond, with a link")
def test_kept_page_stays_covered_while_the_site_is_away(visit: Visits) -> None:
    """As soon as it responds, the page is shown."""
    page = visit()
    page.go("/")
    visit.tell(rules=[{"path": "/accounts/session/", "status": 503}])

    page.back()

    page.wait_for_dialog("This site isn't responding right now.")
    assert page.hides(SECRET)
    assert page.evaluate("() => document.querySelector('dialog a').pathname") == PRIVATE
    visit.tell()
    page.wait_for_no_dialog()
    assert SECRET in page.text


@pytest.mark.smoke
@pytest.mark.claim(
    "A session that has ended elsewhere is noticed when the user comes back to the tab"
)
def test_ending_elsewhere_is_noticed_on_coming_back(visit: Visits) -> None:
    """The dialog leads to the login, and from there back to the page."""
    page = visit()
    visit.end()

    page.come_back()

    page.wait_for_dialog(ENDED)
    assert page.hides(SECRET)
    page.click("dialog a")
    page.wait_for_path("/accounts/login/?next=%2Fcars%2Fadd%2F")


@pytest.mark.claim("It is noticed by polling; Escape does not bring the page back")
def test_ending_elsewhere_is_noticed_by_polling(visit: Visits) -> None:
    """Each second here, each minute otherwise."""
    page = visit(script=OFTEN)
    visit.end()

    page.wait_for_dialog(ENDED)

    # Nor for the moment until the script could open the dialog again.
    page.evaluate(
        "() => document.querySelector('dialog[open]')"
        ".addEventListener('close', () => { window.wasClosed = true; })"
    )
    for _ in range(2):
        page.press("Escape")
        assert page.hides(SECRET)
    assert ENDED in page.dialog
    assert not page.evaluate("() => window.wasClosed")


@pytest.mark.claim("Tabs poll in turn: one of three does, for all")
def test_tabs_poll_in_turn(visit: Visits) -> None:
    """By a Web Lock; the others are told."""
    first = visit(script=OFTEN)
    tabs = [first, another_tab(first), another_tab(first)]
    visit.tell(script=OFTEN)
    begun = time.monotonic()
    time.sleep(4)
    asked = visit.asked("/accounts/session/")
    passed = time.monotonic() - begun

    assert 1 <= len(asked) <= 2 + passed
    visit.end()
    for tab in tabs:
        tab.wait_for_dialog(ENDED)


@pytest.mark.claim("It is noticed by an event that the server sends")
def test_ending_elsewhere_is_noticed_by_an_event(visit: Visits) -> None:
    """Where the site sends such."""
    body = 'event: ended\ndata: {"reason": "admin"}\n\n'
    stream = {"path": "/events/", "status": 200, "body": body, "type": "text/event-stream"}
    page = visit("/", script=OFTEN.replace('poll = "1"', 'events = "/events/"'))
    visit.end()
    visit.tell(
        script=OFTEN.replace('poll = "1"', 'events = "/events/"'), rules=[{**stream, "delay": 1}]
    )

    page.go("/trial/public/")
    log_in(page)
    page.go(PRIVATE)
    visit.end()

    page.wait_for_dialog(ENDED)
    assert page.hides(SECRET)


FETCHES = """() => Promise.all(Array.from({ length: 10 }, async () => {
  const response = await fetch("/cars/add/");
  return response.redirected ? 401 : response.status;
}))"""


@pytest.mark.claim("Ten fetches for an ended session lead to one dialog, and get their responses")
def test_ten_fetches_lead_to_one_dialog(visit: Visits) -> None:
    """The first one takes the cookie away: later ones may be sent to the login page."""
    page = visit()
    visit.end()

    answers = page.evaluate(FETCHES)

    assert answers == [401] * 10
    page.wait_for_dialog(ENDED)
    assert page.evaluate("() => document.querySelectorAll('dialog').length") == 1


#: The site has once answered the script.
ANSWERED = """() => performance.getEntriesByType("resource").some(
  ({ name, responseEnd }) => name.includes("/accounts/session/") && responseEnd)"""


@pytest.mark.smoke
@pytest.mark.claim("Offline, it says that the user may still be logged in, and logs out later")
def test_logout_without_a_network(visit: Visits) -> None:
    """As soon as the site can be reached again."""
    with cable(int(visit.variant("http", "www").rpartition(":")[2])) as wire:
        page = visit(port=wire.port)
        session = page.browser.cookies(page)["sessionid"]
        page.come_back()
        page.wait(ANSWERED)
        wire.cut()

        page.click(BUTTON)

        page.wait_for_dialog(AWAY)
        assert page.hides(SECRET)
        assert visit.is_active(page, session)
        wire.mend()
        _expect_logged_out(page)
        assert not visit.is_active(page, session)
        page.go("/trial/public/")


@pytest.mark.claim("A proxy that cannot reach the site (502) is asked again")
def test_proxy_is_asked_again(visit: Visits) -> None:
    """Its page is not shown."""
    page = visit(rules=[{"path": "/accounts/logout/", "method": "POST", "status": 502, "times": 2}])

    page.click(BUTTON)

    page.wait_for_dialog(AWAY)
    _expect_logged_out(page)
    assert len(visit.asked("/accounts/logout/", "POST")) == 3


@pytest.mark.claim(
    "A slow site: it says that the user is being logged out, then that this is not certain"
)
def test_slow_site(visit: Visits) -> None:
    """The response still counts when it comes."""
    page = visit(rules=[{"path": "/accounts/logout/", "method": "POST", "held": True}])

    page.click(BUTTON)

    page.wait_for_dialog("Logging you out…")
    assert page.hides(SECRET)
    page.wait_for_dialog(AWAY)
    assert len(visit.asked("/accounts/logout/", "POST")) == 1
    visit.tell()
    _expect_logged_out(page)


@pytest.mark.smoke
@pytest.mark.claim(
    "Where `connect-src 'none'` forbids what the script sends, the form is submitted"
)
def test_policy_that_forbids_to_connect(visit: Visits) -> None:
    """By the browser itself, once."""
    visit.expected = ["connect-src", "Load failed", "Failed to fetch", "NetworkError"]
    page = visit(policy={"connect-src": "'none'", "img-src": "'self'"})

    page.click(BUTTON)

    _expect_logged_out(page)
    assert [each["navigates"] for each in visit.asked("/accounts/logout/", "POST")] == [True]


STRICT = {
    "default-src": "'none'",
    "script-src": "{nonce}",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}


@pytest.mark.smoke
@pytest.mark.claim("A strict policy with Trusted Types: nothing is refused, no error is uncaught")
def test_strict_policy(visit: Visits, note: Note) -> None:
    """With a nonce for the script and no other source, and no policy for Trusted Types."""
    page = visit(policy=STRICT)
    page.fill("[name=brand]", "Puma")
    visit.end()
    page.come_back()
    page.wait_for_dialog(ENDED)
    log_in(page.browser.tab())
    page.wait_for_no_dialog()
    page.go("/")
    page.back()
    page.wait_for_no_dialog()
    page.go(PRIVATE)

    page.click(BUTTON)

    _expect_logged_out(page)
    if not page.evaluate("() => 'trustedTypes' in window"):
        note("without Trusted Types, which it lacks")


def test_faults_are_seen(visit: Visits) -> None:
    """Or the tests could not fail by them."""
    page = visit(policy=STRICT)

    page.evaluate(
        """() => {
          setTimeout(() => { throw new Error("thrown"); });
          setTimeout(() => { Promise.reject(new Error("rejected")); });
          document.body.setAttribute("style", "color: red");
        }"""
    )

    wanted = ["thrown", "rejected", "style-src"]
    page.wait_until(
        lambda: all(any(each in fault for fault in visit.faults()) for each in wanted),
        "not all is seen",
    )
    visit.expected = wanted


#: Each keeps the script from something that it uses.
OBSTACLES = {
    "fetch": "window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));",
    "locks": "delete Navigator.prototype.locks;",
    "channel": "delete window.BroadcastChannel;",
    "storage": """
        const refuse = () => { throw new DOMException("Access is denied", "SecurityError"); };
        for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, { get: refuse });
    """,
    "cookies": """
        Object.defineProperty(Document.prototype, "cookie", {
          get() { throw new DOMException("Access is denied", "SecurityError"); },
        });
        delete window.cookieStore;
    """,
    "all": "",
}
OBSTACLES["all"] = "".join(f"{{{each}}}" for each in OBSTACLES.values())


@pytest.mark.parametrize(
    "obstacle",
    [
        pytest.param("fetch", marks=pytest.mark.claim("Logging out works without `fetch`")),
        pytest.param("locks", marks=pytest.mark.claim("Logging out works without Web Locks")),
        pytest.param(
            "channel", marks=pytest.mark.claim("Logging out works without `BroadcastChannel`")
        ),
        pytest.param("storage", marks=pytest.mark.claim("Logging out works without storage")),
        pytest.param(
            "cookies",
            marks=pytest.mark.claim("Logging out works without cookies that scripts can read"),
        ),
        pytest.param("all", marks=pytest.mark.claim("Logging out works without any of these")),
    ],
)
def test_obstacle_does_not_keep_anybody_logged_in(visit: Visits, obstacle: str) -> None:
    """What the script cannot do, the browser does."""
    page = visit(script=OBSTACLES[obstacle])
    session = page.browser.cookies(page)["sessionid"]

    page.click(BUTTON)

    _expect_logged_out(page)
    assert not visit.is_active(page, session)


@pytest.mark.parametrize(
    "obstacle",
    [
        pytest.param("locks", marks=pytest.mark.claim("Other tabs hear of it without Web Locks")),
        pytest.param(
            "channel", marks=pytest.mark.claim("Other tabs hear of it without `BroadcastChannel`")
        ),
        pytest.param("storage", marks=pytest.mark.claim("Other tabs hear of it without storage")),
    ],
)
def test_other_tabs_hear_in_spite_of_an_obstacle(visit: Visits, obstacle: str) -> None:
    """There is another way."""
    first = visit("/", script=OBSTACLES[obstacle])
    second = another_tab(first)

    first.click(BUTTON)

    _expect_logged_out(first)
    second.wait_until(
        lambda: second.dialog.startswith(ENDED) or second.path == "/", "it has not heard"
    )
    assert SECRET not in second.text


@pytest.mark.smoke
@pytest.mark.claim("Without scripts the button is a form")
def test_without_scripts(visit: Visits) -> None:
    """The same button, the same end."""
    visit.expected = ["script-src"]
    page = visit(policy={"script-src": "'none'"})
    session = page.browser.cookies(page)["sessionid"]

    page.click(BUTTON)

    _expect_logged_out(page)
    assert "You have been logged out." in page.text
    assert not visit.is_active(page, session)


@pytest.mark.claim(
    "The warning: the button has the focus, Escape stays in all tabs, the focus returns"
)
def test_warning(visit: Visits) -> None:
    """Escape is an answer, too."""
    path = "/accounts/session/"
    soon = {"path": path, "method": "GET", "patch": {"idle_expires_in": 100}}
    later = {"path": path, "method": "POST", "patch": {"idle_expires_in": 1000}}
    page = visit()
    other = another_tab(page)
    page.evaluate("() => document.querySelector('[name=brand]').focus()")
    visit.tell(rules=[soon, later])  # Not before, or the warning may have the focus already.
    page.come_back()
    page.wait_for_dialog("Are you still there?")
    other.wait_for_dialog("Are you still there?")
    focused = "() => document.activeElement.innerText ?? document.activeElement.name"
    assert page.evaluate(focused) == "Stay logged in"

    page.press("Escape")

    for tab in (page, other):
        tab.wait_for_no_dialog()
    assert page.evaluate("() => document.activeElement.name") == "brand"


@pytest.mark.claim("A target that differs only in its fragment is loaded anew")
def test_fragment_leads_to_a_new_page(visit: Visits) -> None:
    """Nothing private is left by a mere jump."""
    page = visit("/")
    page.evaluate(
        """() => {
          document.querySelector("header form [name=next]").value = "/#top";
          window.old = true;
        }"""
    )

    page.click(BUTTON)

    page.wait("() => !window.old && document.readyState === 'complete'")
    assert page.path == "/#top"
    assert not page.user


@pytest.mark.claim("A page that asks before it is left does not stay")
def test_page_that_asks_before_it_is_left(visit: Visits) -> None:
    """It is empty by then."""
    page = visit()
    other = another_tab(page)
    for tab in (page, other):
        tab.fill("[name=brand]", "Puma")
        tab.evaluate(
            """() => {
              onbeforeunload = () => "Really?";
              addEventListener("beforeunload", (event) => event.preventDefault());
            }"""
        )

    page.click(BUTTON)

    for tab in (page, other):
        _expect_logged_out(tab)


@pytest.mark.claim("A page in a frame is emptied, and stays in its frame")
def test_frame_stays(visit: Visits) -> None:
    """The next page is for the window."""
    visit.expected = ["frame-ancestors"]
    frame = f"/trial/frame/?page={PRIVATE}"
    page = visit("/trial/public/", host="framing", policy={"frame-ancestors": "'self'"})
    page.go(frame)
    page.wait("() => Boolean(frames[0]?.document.querySelector('main h1'))")
    page.wait("() => frames[0].document.readyState === 'complete'")
    other = another_tab(page, "/")

    other.click(BUTTON)

    link = "dialog[open] a[target=_top]"
    page.wait("link => Boolean(frames[0].document.querySelector(link))", link)
    assert page.evaluate("() => frames[0].document.body.childElementCount") == 0
    assert page.evaluate("() => frames[0].location.pathname") == PRIVATE
    assert page.path == frame


PLAY = """async () => {
  // A second of silence: 8000 samples of 8 bits.
  const text = (each) => [...each].map((letter) => letter.charCodeAt());
  const number = (value) => [0, 8, 16, 24].map((bits) => (value >> bits) & 255);
  const head = [...text("RIFF"), ...number(8036), ...text("WAVEfmt "), ...number(16), 1, 0, 1, 0,
    ...number(8000), ...number(8000), 1, 0, 8, 0, ...text("data"), ...number(8000)];
  const file = new Blob([new Uint8Array([...head, ...Array(8000).fill(128)])], { type: "audio/wav" });
  const audio = document.createElement("audio");
  Object.assign(audio, { src: URL.createObjectURL(file), loop: true, muted: true });
  document.querySelector("main").append(audio);
  await audio.play();
}"""


@pytest.mark.claim("A covered page is silent, and its title is that of the dialog; both come back")
def test_covered_page_is_silent(visit: Visits) -> None:
    """Until a new login."""
    page = visit(policy={"media-src": "blob:"})
    title = page.evaluate("() => document.title")
    page.evaluate(PLAY)
    playing = "() => !document.querySelector('audio').paused"
    assert page.evaluate(playing)
    visit.end()
    page.come_back()
    page.wait_for_dialog(ENDED)

    assert not page.evaluate(playing)
    assert page.evaluate("() => document.title") == ENDED

    log_in(page.browser.tab())
    page.wait_for_no_dialog()
    assert page.evaluate("() => document.title") == title
    page.wait(playing)


LEAVE = """async () => {
  localStorage.draft = "private";
  await (await caches.open("pages")).put("/draft", new Response("private"));
  document.cookie = "host=1";
  window.stored = await (await fetch("/trial/stored/")).text();
}"""
FIND = """async () => ({
  storage: Boolean(localStorage.draft || (await caches.has("pages"))),
  cookies: document.cookie.includes("host="),
  cache: window.stored === (await (await fetch("/trial/stored/")).text()),
})"""
LOG_OUT = """async () => (await fetch("/accounts/logout/", { method: "POST" })).ok"""


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("storage", marks=pytest.mark.claim('`Clear-Site-Data: "storage"` clears it')),
        pytest.param(
            "cookies", marks=pytest.mark.claim('`Clear-Site-Data: "cookies"` clears them')
        ),
        pytest.param(
            "cache",
            marks=[
                pytest.mark.claim('`Clear-Site-Data: "cache"` clears the HTTP cache'),
                pytest.mark.untried(webkit="the sessions of its driver have no such cache"),
            ],
        ),
    ],
)
def test_site_data_is_cleared(visit: Visits, kind: str) -> None:
    """That, and nothing else."""
    page = visit("/trial/page/secret/", scheme="https", host=f"clear-{kind}")
    page.evaluate(LEAVE)
    before = page.evaluate(FIND)
    assert before[kind]

    assert page.evaluate(LOG_OUT)

    assert page.evaluate(FIND) == {**before, kind: False}


SEND = "async (step) => (await fetch(`/trial/embedded/${step}/`, { method: 'POST' })).text()"


@pytest.mark.claim("Cookies with `Partitioned` are deleted if the settings say so")
def test_partitioned_cookies_are_deleted(visit: Visits) -> None:
    """In a tab of their own."""
    page = visit("/trial/embedded/look/", user="", scheme="https", host="partitioned")
    page.evaluate(SEND, "login")
    assert page.evaluate(SEND, "look") == "chat sessionid"

    page.evaluate(SEND, "logout")

    assert page.evaluate(SEND, "look") == ""


@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param(
            "https",
            marks=pytest.mark.claim(
                "Without the script, Back shows no page with `no-store` (HTTPS)"
            ),
        ),
        pytest.param(
            "http",
            marks=[
                pytest.mark.claim("Without the script, Back shows no page with `no-store` (HTTP)"),
                pytest.mark.fails(webkit="without HTTPS it keeps the page all the same"),
            ],
        ),
    ],
)
def test_back_without_the_script(visit: Visits, scheme: str) -> None:
    """The cookie has changed, and the page is fetched anew."""
    page = visit("/trial/page/secret/", scheme=scheme, host="no-store")
    page.click("button")
    page.wait_for_text("public")

    page.back()

    assert "of customer" not in page.text


#: What the site has once said of the session, the browser says again; listeners are counted.
REMEMBER = """
const { fetch: ask } = window;
let said;
window.fetch = async (...request) => {
  if (!String(request[0]).includes("/session/")) return ask(...request);
  said ??= await (await ask(...request)).text();
  return new Response(said);
};
window.listeners = 0;
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
EventTarget.prototype.addEventListener = function (...all) {
  listeners++;
  return add.apply(this, all);
};
EventTarget.prototype.removeEventListener = function (...all) {
  listeners--;
  return remove.apply(this, all);
};
"""
ASK = """async (times) => {
  const { check } = await import(document.querySelector("script[data-logout]").src);
  for (let time = 0; time < times; time++) {
    document.cookie = `logout_witness=${time}; path=/`;
    await check();
    // The browser tells of the cookie, and the script asks about that.
    if (time % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  return [window.listeners, document.getElementsByTagName("*").length];
}"""


@pytest.mark.claim("A thousand polls while the cookie changes leave no listener behind")
def test_a_thousand_polls_leave_nothing_behind(visit: Visits, note: Note) -> None:
    """Neither in the tab that asks nor in the one that is told."""
    page = visit(script=REMEMBER)
    other = another_tab(page)
    page.evaluate(ASK, 50)
    before = [(tab.evaluate(ASK, 0), page.browser.memory(tab)) for tab in (page, other)]

    page.evaluate(ASK, 1000)

    after = [(tab.evaluate(ASK, 0), page.browser.memory(tab)) for tab in (page, other)]
    for (counts, memory), (then, used) in zip(after, before, strict=True):
        assert counts == then
        assert counts[0] > 5
        if memory is not None and used is not None:
            assert memory < used + 500_000
            note(f"{(memory - used) / 1000:+.0f} kB")
