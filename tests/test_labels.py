"""Labels in place of codes."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from django_logout import labels
from django_logout.enums import Reason, Scope
from django_logout.sessions import token_logins

REVOKERS = Path(labels.__file__).parent / "revokers"
KNOWN = {"idle": "Inactive", "user": "All sessions of one user", "session": "Browser session"}


def test_every_code_has_a_label_of_its_own() -> None:
    """None is shown as a code, and none can be taken for another."""
    assert set(labels.REASONS) == set(Reason)
    assert set(labels.SCOPES) == set(Scope)
    # The modules of most revokers need another app.
    sources = "".join(path.read_text() for path in REVOKERS.rglob("*.py"))
    names = set(re.findall(r'^(?:    name|NAME) = "(\w+)"$', sources, re.MULTILINE))
    assert set(labels.KINDS) == names | {token_logins.KIND}
    for table in (labels.REASONS, labels.SCOPES, labels.KINDS):
        shown = [str(label) for label in table.values()]
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("language", ["ar", "de", "es", "fr", "pt-br"])
def test_labels_are_in_the_language_of_the_reader(language: str) -> None:
    """And no language has two of a kind alike."""
    for table in (labels.REASONS, labels.SCOPES, labels.KINDS):
        with translation.override("en"):
            english = [str(label) for label in table.values()]
        with translation.override(language):
            shown = [str(label) for label in table.values()]
        assert len(set(shown)) == len(shown)
        # "WebSocket" and "Cookie" are what they are called everywhere.
        assert len(set(shown) & set(english)) <= 2, language


def test_codes_of_the_project_are_shown_as_they_are() -> None:
    """A project's own reasons and revokers have no label here."""
    functions = (labels.reason_label, labels.scope_label, labels.kind_label)

    assert [function("moved") for function in functions] == ["moved"] * 3
    assert [function(code) for function, code in zip(functions, KNOWN, strict=True)] == [
        *KNOWN.values()
    ]
