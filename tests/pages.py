"""What a browser would see: small readers for the responses of tests."""

import re
from html.parser import HTMLParser
from typing import Any

LOGOUT = "/accounts/logout/"


def signed_in(client: Any) -> str:
    """Name of whoever the site says this client is; empty for nobody."""
    return str(client.get("/").content.decode().removeprefix("user="))


def copy_of(client: Any) -> Any:
    """A thief's browser: the same session cookie, and nothing of what happens afterwards."""
    thief = type(client)()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    return thief


def csrf_token(response: Any) -> str:
    """The token in the form of a page."""
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', response.content)
    assert found, response.content
    return found[1].decode()


class Page(HTMLParser):
    """The elements of a page, in order: ``(name, attributes)``. What is in a template is none."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.templates = 0
        self.feed(response.content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.templates:
            self.elements.append((tag, dict(attrs)))
        self.templates += tag == "template"

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"

    def handle_data(self, data: str) -> None:
        if not self.templates:
            self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every element of this name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    def inline_scripts(self) -> list[dict[str, str | None]]:
        """Those that a strict policy would refuse."""
        return [script for script in self.all("script") if not script.get("src")]

    def field(self, name: str) -> str | None:
        """Value of the form field with this name."""
        return next((a.get("value") for a in self.all("input") if a.get("name") == name), None)
