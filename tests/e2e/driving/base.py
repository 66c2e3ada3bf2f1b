"""What tests know of a browser and its tabs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tests.waiting import PATIENCE


class Gone(Exception):
    """The page has been left while it was asked something."""


class Tab(ABC):
    """A tab, and the page in it."""

    def __init__(self, browser: "Browser") -> None:
        """Belong to a browser."""
        self.browser = browser

    @abstractmethod
    def load(self, url: str) -> None:
        """Load a page."""

    @abstractmethod
    def ask(self, function: str, *arguments: Any) -> Any:
        """Call a function of JavaScript in the page, and return what it returns or promises.

        Raises:
            Gone: The page has been left meanwhile.
        """

    @abstractmethod
    def click(self, selector: str) -> None:
        """Click on an element as a user does."""

    @abstractmethod
    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key: "Escape", "Tab", "Enter"."""

    @abstractmethod
    def close(self) -> None:
        """Close it."""

    def go(self, path: str) -> None:
        """Load a page of the site, or any other by its URL."""
        self.load(path if "://" in path else self.browser.origin + path)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Ask the page, or the next one if it is just being left."""
        for _ in range(50):
            with suppress(Gone):
                return self.ask(function, *arguments)
            time.sleep(0.05)
        return self.ask(function, *arguments)

    @property
    def path(self) -> str:
        """Where it is: path, query and fragment."""
        return str(self.evaluate("() => location.pathname + location.search + location.hash"))

    @property
    def text(self) -> str:
        """What can be seen of the page, without dialogs."""
        return str(self.evaluate("() => document.body?.innerText.trim() ?? ''"))

    @property
    def user(self) -> str:
        """Whose page it is, as far as that can be seen."""
        return str(self.evaluate("() => document.querySelector('.who')?.innerText ?? ''"))

    @property
    def dialog(self) -> str:
        """What the dialog says that is open, or nothing."""
        return str(
            self.evaluate("() => document.querySelector('dialog[open]')?.innerText.trim() ?? ''")
        )

    def wait(self, function: str, *arguments: Any) -> Any:
        """Wait until this page, or the next one, returns something true, and return it."""
        return self.wait_until(lambda: self.ask(function, *arguments), function)

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until a condition holds that asks the page."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(Gone):
                if found := condition():
                    return found
            time.sleep(0.03)
        raise AssertionError(f"{what}\n{self.path}\n{self.dialog}\n{self.text[:500]}")

    def wait_for_path(self, path: str) -> None:
        """Wait until it has come there, and the page is whole."""
        self.wait(
            "path => location.pathname + location.search + location.hash === path"
            " && document.readyState === 'complete'",
            path,
        )

    def wait_for_dialog(self, *texts: str) -> str:
        """Wait until a dialog is open that says one of these."""
        return str(
            self.wait_until(
                lambda: any(text in self.dialog for text in texts) and self.dialog,
                f"no dialog: {texts}",
            )
        )

    def wait_for_no_dialog(self) -> None:
        """Wait until none is open."""
        self.wait("() => !document.querySelector('dialog[open]')")

    def wait_for_text(self, text: str) -> None:
        """Wait until the page says this."""
        self.wait("text => document.body?.innerText.includes(text)", text)

    def hides(self, text: str) -> bool:
        """Return whether nothing of the page can be seen, nor this be found in it."""
        return bool(self.evaluate("text => !document.body.innerText.trim() && !find(text)", text))

    def back(self, steps: int = -1) -> None:
        """Go back (or forward, with a positive number), and wait until a page is there."""
        before = self.path
        self.evaluate("steps => void setTimeout(() => history.go(steps))", steps)
        self.wait(
            "before => location.pathname + location.search + location.hash !== before"
            " && document.readyState === 'complete'",
            before,
        )

    def come_back(self) -> None:
        """Have the user return to the tab; the script does not ask again for two seconds."""
        time.sleep(2.1)
        with suppress(Gone):  # a witness may have told it already
            self.ask("() => void dispatchEvent(new Event('focus'))")


class Browser(ABC):
    """A browser with a profile of its own."""

    name: str
    origin: str

    @abstractmethod
    def tab(self) -> Tab:
        """Return a new tab."""

    @abstractmethod
    def tabs(self) -> list[Tab]:
        """Return all tabs, those that pages have opened too."""

    @abstractmethod
    def cookies(self, tab: Tab) -> dict[str, str]:
        """Return the cookies of the page in a tab, those too that scripts cannot read."""

    @abstractmethod
    def remove_cookie(self, tab: Tab, name: str) -> None:
        """Take a cookie of this page from the browser."""

    @abstractmethod
    def memory(self, tab: Tab) -> int | None:
        """Return how many bytes the page's scripts use, or None where that cannot be read."""

    @abstractmethod
    def close(self) -> None:
        """Forget all of it."""


class Driver(ABC):
    """An engine of which browsers can be started."""

    name: str

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the engine."""

    @abstractmethod
    def browser(self) -> Browser:
        """Start one with a new profile."""

    def address(self, scheme: str, host: str, port: int) -> str:
        """Return an origin under which this engine finds a host of this machine."""
        if scheme == "https":
            return f"https://{host}.cars.test:{port}"
        return f"http://{'localhost' if host == 'www' else f'{host}.localhost'}:{port}"


def port_of(origin: str) -> int:
    """Return the port of an origin."""
    return urlsplit(origin).port or 0
