"""WebKitGTK: MiniBrowser on a virtual screen.

It has no profiles beside each other: each browser is a session of its own, one after the other.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from selenium.common.exceptions import (
    InvalidSessionIdException,
    JavascriptException,
    NoSuchFrameException,
    NoSuchWindowException,
    TimeoutException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver import Keys, Remote
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.webkitgtk.options import Options

from tests import services
from tests.e2e.driving.base import Browser, Driver, Gone, Tab
from tests.waiting import PATIENCE, until_served

#: Calls a function. An answer that is not there at once is kept in the page, to be asked for by its number: of
#: an asynchronous script the driver never hears again if the page is left for the Back cache meanwhile.
ASK = """
const answers = (window.answersToTests ??= []);
try {
  const value = (%s)(...arguments);
  if (typeof value?.then !== "function") return { value: value ?? null };
  const number = answers.push(null) - 1;
  value.then(
    (value) => (answers[number] = { value: value ?? null }),
    (error) => (answers[number] = { error: String(error) }),
  );
  return { number };
} catch (error) {
  return { error: String(error) };
}
"""
ANSWER = "return window.answersToTests ? window.answersToTests[arguments[0]] : { gone: true };"

#: What the driver says if the page has gone before it has answered.
GONE = (
    JavascriptException,
    NoSuchFrameException,
    TimeoutException,
    UnexpectedAlertPresentException,
)


class WebKitTab(Tab):
    """A window of WebDriver's."""

    browser: "WebKitBrowser"

    def __init__(self, browser: "WebKitBrowser", handle: str) -> None:
        """Take a window."""
        super().__init__(browser)
        self.handle = handle

    @property
    def remote(self) -> Remote:
        """What drives it, turned to this window."""
        remote = self.browser.remote
        with suppress(NoSuchWindowException):
            if remote.current_window_handle == self.handle:
                return remote
        remote.switch_to.window(self.handle)
        return remote

    def load(self, url: str) -> None:
        """Load a page."""
        self.remote.get(url)

    def ask(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page."""
        try:
            answer = self.remote.execute_script(ASK % function, *arguments)
            if "number" in answer:
                answer = self._later(answer["number"])
        except GONE as error:
            raise Gone(str(error.msg)) from error
        if "error" in answer:
            raise AssertionError(f"{answer['error']}\n{function}")
        return answer["value"]

    def _later(self, number: int) -> dict[str, Any]:
        """Return the answer of an asynchronous function. Raises :class:`Gone` if none comes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer: dict[str, Any] | None = self.remote.execute_script(ANSWER, number)
            if answer is not None and "gone" in answer:
                break
            if answer is not None:
                return answer
            time.sleep(0.03)
        raise Gone("The page has gone before it has answered.")

    def back(self, steps: int = -1) -> None:
        """Go back or forward by the driver's own command, which waits for the page.

        A script that is asked while the page changes is sometimes never answered.
        """
        for _ in range(abs(steps)):
            if steps < 0:
                self.remote.back()
            else:
                self.remote.forward()
        self.wait("() => document.readyState === 'complete'")

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.remote.find_element(By.CSS_SELECTOR, selector).click()

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        element = self.remote.find_element(By.CSS_SELECTOR, selector)
        element.clear()
        element.send_keys(text)

    def press(self, key: str) -> None:
        """Press a key."""
        ActionChains(self.remote).send_keys(getattr(Keys, key.upper())).perform()

    def close(self) -> None:
        """Close it."""
        self.remote.close()


class WebKitBrowser(Browser):
    """A session of WebDriver's."""

    name = "webkit"

    def __init__(self, remote: Remote) -> None:
        """Take a session; its first window is its first tab."""
        self.remote = remote
        self.unused = [remote.current_window_handle]

    def tab(self) -> Tab:
        """Return a new tab."""
        if self.unused:
            return WebKitTab(self, self.unused.pop())
        self.remote.switch_to.window(self.remote.window_handles[0])
        self.remote.switch_to.new_window("tab")
        return WebKitTab(self, self.remote.current_window_handle)

    def tabs(self) -> list[Tab]:
        """Return all tabs."""
        return [WebKitTab(self, handle) for handle in self.remote.window_handles]

    def cookies(self, tab: Tab) -> dict[str, str]:
        """Return the cookies of the page."""
        assert isinstance(tab, WebKitTab)
        return {cookie["name"]: cookie["value"] for cookie in tab.remote.get_cookies()}

    def remove_cookie(self, tab: Tab, name: str) -> None:
        """Take a cookie away."""
        assert isinstance(tab, WebKitTab)
        tab.remote.delete_cookie(name)

    def memory(self, tab: Tab) -> int | None:
        """WebDriver cannot say it."""
        return None

    def close(self) -> None:
        """End the session."""
        with suppress(InvalidSessionIdException, WebDriverException):
            self.remote.quit()


class WebKitDriver(Driver):
    """A running WebKitWebDriver."""

    name = "webkit"

    def __init__(self, port: int) -> None:
        """Use the one at a port."""
        self.port = port
        self._version = ""

    @property
    def version(self) -> str:
        """Version of the engine."""
        if not self._version:
            self.browser().close()
        return self._version

    def browser(self) -> Browser:
        """Start one with a new profile."""
        options = Options()
        options.binary_location = str(services.minibrowser())
        options.add_argument("--automation")
        options.set_capability("acceptInsecureCerts", True)
        address = f"http://127.0.0.1:{self.port}"
        config = ClientConfig(remote_server_addr=address, timeout=3 * PATIENCE)
        remote = Remote(RemoteConnection(client_config=config), options=options)
        remote.set_script_timeout(PATIENCE)
        self._version = remote.capabilities["browserVersion"]
        return WebKitBrowser(remote)

    def address(self, scheme: str, host: str, port: int) -> str:
        """It finds no hosts but those below localhost."""
        return super().address("http", host, port).replace("http", scheme, 1)


@contextmanager
def webkit() -> Iterator[WebKitDriver]:
    """Run the driver, with a screen and a bus of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["xvfb-run", "-a", "dbus-run-session", "--", "WebKitWebDriver", f"--port={port}"]
    process = subprocess.Popen(
        command,
        # Nothing else of a desktop is wanted.
        env={**os.environ, "GTK_USE_PORTAL": "0", "GIO_USE_VFS": "local", "NO_AT_BRIDGE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until_served(port, process)
        yield WebKitDriver(port)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)
