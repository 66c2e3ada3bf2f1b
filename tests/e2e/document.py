"""Write the table of docs/browser.md: ``python -m tests.e2e.document`` runs the tests of its claims in
all browsers, or in those that are named, and keeps what they have shown in ``claims.json``. With
``--kept`` it runs none.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
KEPT = HERE / "claims.json"
PAGE = HERE.parents[1] / "docs" / "browser.md"
BEGIN, END = "<!-- python -m tests.e2e.document -->\n", "<!-- end -->\n"
NAMES = {"chromium": "Chromium", "firefox": "Firefox ESR", "webkit": "WebKitGTK"}


class Claims:
    """A plugin of pytest: it collects what the tests of claims have shown."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.versions: dict[str, str] = {}
        self.claims: dict[str, dict[str, str]] = {}
        self.tests: dict[str, tuple[str, str]] = {}
        self.failed = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the order of the claims, and note those that are skipped."""
        items[:] = [item for item in items if item.get_closest_marker("claim") and _is_run(item)]
        for item in items:
            text, browser = self.tests[item.nodeid] = _identify(item)
            shown = self.claims.setdefault(text, {})
            for mark, word in (("lacks", "no"), ("fails", "no"), ("untried", "not tried")):
                for each in item.iter_markers(mark):
                    for name, reason in each.kwargs.items():
                        shown[name] = f"{word} ({reason})"
            shown.setdefault(browser, "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what has been shown."""
        self.failed |= report.failed
        if report.when != "call" or not report.passed or report.nodeid not in self.tests:
            return
        text, browser = self.tests[report.nodeid]
        properties: dict[str, list[Any]] = {}
        for name, value in report.user_properties:
            properties.setdefault(name, []).append(value)
        for version in properties.get("version", []):
            self.versions[browser] = version
        if not self.claims[text][browser]:
            notes = list(dict.fromkeys(properties.get("note", [])))
            self.claims[text][browser] = "yes" + (f" ({', '.join(notes)})" if notes else "")


def _is_run(item: pytest.Item) -> bool:
    """Return whether a browser runs it: Playwright's tests have none where WebKit alone is chosen."""
    return isinstance(item.callspec.params["browser"], str)  # type: ignore[attr-defined]


def _identify(item: pytest.Item) -> tuple[str, str]:
    claim = item.get_closest_marker("claim")
    assert claim is not None
    return claim.args[0], item.callspec.params["browser"]  # type: ignore[attr-defined]


def run(browsers: list[str]) -> dict[str, Any]:
    """Run the tests of the claims in some browsers.

    Raises:
        SystemExit: One has failed: the page claims what is not so.
    """
    plugin = Claims()
    chosen = f"--browsers={','.join(browsers)}"
    status = pytest.main(["-q", "-p", "no:randomly", chosen, str(HERE)], plugins=[plugin])
    if status or plugin.failed:
        sys.exit("What has failed is not written down.")
    return {"versions": plugin.versions, "claims": plugin.claims}


def render(kept: dict[str, Any]) -> str:
    """Return the table."""
    versions = kept["versions"]
    heads = [f"{name} {versions.get(browser, '')}".strip() for browser, name in NAMES.items()]
    rows = [["", *heads], ["---"] * (1 + len(heads))]
    for text, shown in kept["claims"].items():
        rows.append([text, *(shown.get(browser) or "not tried" for browser in NAMES)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write(page: str, kept: dict[str, Any]) -> str:
    """Return a page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + "\n" + render(kept) + "\n" + END + rest.partition(END)[2]


def merge(kept: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept, with what has been found in some browsers in its place. What has been found in
    all stands alone."""
    versions = {**kept["versions"], **found["versions"]}
    claims: dict[str, dict[str, str]] = (
        {} if found["versions"].keys() == NAMES.keys() else kept["claims"]
    )
    for text, shown in found["claims"].items():
        claims.setdefault(text, {}).update({name: each for name, each in shown.items() if each})
    return {"versions": versions, "claims": claims}


if __name__ == "__main__":
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"versions": {}, "claims": {}}
    if sys.argv[1:] != ["--kept"]:
        kept = merge(kept, run(sys.argv[1:] or list(NAMES)))
        KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(write(PAGE.read_text(), kept))
