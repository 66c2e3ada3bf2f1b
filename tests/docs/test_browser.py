"""The table of docs/browser.md says what the tests of its claims have shown."""

import ast
import json

from tests.e2e import document


def _claims() -> set[str]:
    """Return what the tests claim, as far as it is written out."""
    found = set()
    for path in sorted(document.HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.claim":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), ast.unparse(argument)
                found.add(argument.value)
    return found


def test_table_is_up_to_date() -> None:
    """Write it anew by ``python -m tests.e2e.document``."""
    kept = json.loads(document.KEPT.read_text())
    assert set(kept["claims"]) == _claims()
    page = document.PAGE.read_text()
    assert page == document.write(page, kept)


def test_every_claim_has_been_tried_somewhere() -> None:
    """And each browser has tried some."""
    kept = json.loads(document.KEPT.read_text())
    for text, shown in kept["claims"].items():
        assert any(each.startswith("yes") for each in shown.values()), text
    assert set(kept["versions"]) == set(document.NAMES)
