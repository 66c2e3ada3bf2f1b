"""Translations: complete, compiled, and true to the original's placeholders."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

import django_logout
from django_logout.enums import Reason
from tests.example_site import EXAMPLE
from tests.waiting import PATIENCE

PACKAGE = Path(django_logout.__file__).parent
CATALOGUES = [*PACKAGE.glob("locale/*/LC_MESSAGES/*.po"), *EXAMPLE.glob("locale/*/*/*.po")]
TEXT = r'((?:"(?:[^"\\]|\\.)*"\n)+)'
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]|</?\w+")

catalogues = pytest.mark.parametrize(
    "catalogue", CATALOGUES, ids=[f"{path.parts[-5]}-{path.parts[-3]}" for path in CATALOGUES]
)


def _read(catalogue: Path) -> dict[str, str]:
    """What is written in a .po file without plurals, of which there are none; with a context, as
    gettext has it in its tables."""
    source = catalogue.read_text() + "\n"
    assert "msgid_plural" not in source
    found = re.findall(f"(?:^msgctxt {TEXT})?^msgid {TEXT}msgstr {TEXT}", source, re.MULTILINE)
    assert len(found) == len(re.findall("^msgid ", source, re.MULTILINE))
    read = {
        "\x04".join(filter(None, (_text(context), _text(original)))): _text(translated)
        for context, original, translated in found
    }
    del read[""]
    return read


def _text(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.splitlines())


def test_languages_are_there() -> None:
    """Five for the package and the car site, right to left among them."""
    for home in PACKAGE, EXAMPLE:
        languages = {path.parts[-3] for path in CATALOGUES if home in path.parents}
        assert languages == {"ar", "de", "es", "fr", "pt_BR"}


@catalogues
def test_everything_is_translated(catalogue: Path) -> None:
    """Nothing empty, nothing guessed, every placeholder and tag kept."""
    assert "#, fuzzy" not in catalogue.read_text()
    for original, translated in _read(catalogue).items():
        assert translated, original
        assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(original))


@catalogues
def test_typography_is_that_of_the_language(catalogue: Path) -> None:
    """Apostrophes are curved, and in French no line begins with the punctuation that takes a space, or
    with the second half of a word."""
    wrong = "'| [:;!?»]|« |là-bas" if catalogue.parts[-3] == "fr" else "'"
    assert [text for text in _read(catalogue).values() if re.search(wrong, text)] == []


def test_templates_add_no_punctuation() -> None:
    """In French it has a space before it, which only the translation can say."""
    for template in PACKAGE.glob("templates/**/*.html"):
        assert not re.search(r"{% translate [^%]*%}[:;?!]", template.read_text()), template


@catalogues
def test_compiled_catalogue_is_current(catalogue: Path) -> None:
    """The .mo file says what the .po file says: it is the one that Django reads."""
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        known = gettext.GNUTranslations(compiled)
    texts = _read(catalogue)
    assert {original: known.gettext(original) for original in texts} == texts
    assert len(known._catalog) == len(texts) + 1  # type: ignore[attr-defined]  # its header


@pytest.mark.parametrize("home", [PACKAGE, EXAMPLE], ids=["package", "car site"])
@pytest.mark.needs("xgettext")
def test_catalogue_has_what_the_source_has(home: Path, tmp_path: Path) -> None:
    """No string has been added or reworded since; ``makemessages`` finds nothing new."""
    copy = tmp_path / home.name
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*"))
    command = [sys.executable, "-P", "-m", "django", "makemessages", "--all", "--verbosity=0"]
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=copy, env=env, check=True, timeout=PATIENCE)
    for catalogue in copy.glob("locale/*/LC_MESSAGES/*.po"):
        before = home / catalogue.relative_to(copy)
        current = re.sub(r"^#~.*\n?", "", catalogue.read_text(), flags=re.MULTILINE)
        catalogue.write_text(current)
        assert _read(catalogue).keys() == _read(before).keys()


def test_pages_in_arabic_read_from_right_to_left() -> None:
    """The direction goes with the language, and so does the reason."""
    with translation.override("ar"):
        page = render_to_string(
            "django_logout/session_ended.html", {"reason": Reason.PASSWORD_CHANGED.label}
        )
    assert '<html lang="ar" dir="rtl">' in page
    assert "تم تغيير كلمة مرور حسابك." in page
