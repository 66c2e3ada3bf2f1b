"""Compare README and docs/ with the code. (``make docs`` checks that the docs build.)"""

import ast
import json
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template import engines
from django.urls import reverse

import django_logout
from django_logout.conf import LogoutSettings
from django_logout.enums import Reason
from django_logout.signals import session_ended
from tests import services
from tests.clients import LOGOUT
from tests.django_suite.expected import DIFFERENCES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: README, and each page by its path below docs/.
PAGES = {"README.md": (ROOT / "README.md").read_text()} | {
    page.relative_to(DOCS).as_posix(): page.read_text()
    for page in sorted(DOCS.rglob("*.md"))
    if "_build" not in page.parts
}
TEMPLATES = Path(django_logout.__file__).parent / "templates"
#: Dotted names that are loggers, not modules.
LOGGERS = {f"django_logout.{name}" for name in ("broadcast", "gate", "redirects", "security")}

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    """Return every code block in this language, named by its page and line."""
    return [
        pytest.param(match[2], id=f"{name}:{text[: match.start()].count(chr(10)) + 2}")
        for name, text in PAGES.items()
        for match in BLOCK.finditer(text)
        if match[1] == language
    ]


def prose(text: str) -> str:
    """Return a page without its code blocks."""
    return BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST build them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table whose first column has this heading."""
    table = re.search(rf"^\| {heading} \|.*\n\|-.*\n((?:\|.*\n)+)", PAGES[page], re.MULTILINE)
    assert table, f"{page} has no table headed {heading!r}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_docs_compiles(code: str) -> None:
    """Every Python example is free of syntax errors."""
    compile(code, "docs", "exec")


@pytest.mark.parametrize(
    "code", [block for block in blocks("python") if block.values[0].startswith(("from", "import"))]
)
def test_python_with_imports_runs(code: str, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports exist, views accept the attributes they are given, and queries are valid."""
    monkeypatch.setattr(session_ended, "receivers", list(session_ended.receivers))

    try:
        exec(compile(code, "docs", "exec"), {"__name__": "docs"})
    except ModuleNotFoundError as error:
        services.need(str(error.name))
        raise


@pytest.mark.parametrize("code", blocks("html"))
def test_html_in_the_docs_is_a_template(code: str) -> None:
    """Every HTML example renders: its tags and its URL names exist."""
    assert reverse("logout") in engines["django"].from_string(code).render()


@pytest.mark.parametrize("name", PAGES)
def test_names_in_the_docs_exist(name: str) -> None:
    """Every dotted name of the package that is set as code can be imported."""
    for dotted in re.findall(r"[`\"](django_logout(?:\.\w+)+)[`\"(]", PAGES[name]):
        if dotted not in LOGGERS and not re.search(r"\.[EWI]\d{3}$", dotted):
            assert found(dotted), f"{dotted} does not exist"


def found(dotted: str) -> bool:
    """Return whether this is a module, or an attribute of one."""
    module, _, attribute = dotted.rpartition(".")
    try:
        import_module(dotted)
    except ImportError as error:
        if str(error.name).startswith("django_logout"):
            return hasattr(import_module(module), attribute)
    except (RuntimeError, ImproperlyConfigured):
        pass
    else:
        return True
    # It needs a library or an app that is not installed here.
    spec = find_spec(module)
    assert spec is not None
    source = Path(str(spec.origin))
    return (source.parent / f"{attribute}.py").exists() or bool(
        re.search(rf"^class {attribute}\b", source.read_text(), re.M)
    )


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_are_valid(name: str) -> None:
    """Every link leads to a file that exists, and to a heading in it."""
    home = ROOT if name == "README.md" else (DOCS / name).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(PAGES[name])):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        page = home / (path or Path(name).name)
        assert page.exists(), f"{target}: no such file"
        assert not anchor or anchor in anchors(page.read_text()), f"{target}: no such heading"


def test_every_page_is_in_the_table_of_contents() -> None:
    """Readers can reach every page."""
    tables = re.findall(r"```\{toctree\}\n(.*?)```", "".join(PAGES.values()), re.DOTALL)

    listed = re.findall(r"^([\w/-]+)$", "".join(tables), re.MULTILINE)

    parts = {page for page in PAGES if Path(page).name.startswith("_")}
    assert {f"{page}.md" for page in listed} == PAGES.keys() - parts - {"README.md", "index.md"}


def test_every_part_of_a_page_is_included() -> None:
    """Files whose names begin with an underscore are no pages."""
    included = {
        (Path(name).parent / part).as_posix()
        for name, text in PAGES.items()
        for part in re.findall(r"```\{include\} (\S+)", text)
    }

    assert included == {page for page in PAGES if Path(page).name.startswith("_")}


def test_commands_of_the_readme_are_in_the_makefile() -> None:
    """Every ``make`` command in the README is a target of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {"demo", "test"} <= set(re.findall(r"make (\w+)", PAGES["README.md"])) <= targets


def test_settings_are_listed_with_type_and_default() -> None:
    """The table has every key, and no other, with its type and default as the code has them."""
    listed = {
        re.sub(r"\[`(\w+)`\]\(#\w+\)", r"\1", name): (kind.replace("\\|", "|"), default)
        for name, kind, default, _ in rows("settings.md", "setting")
    }
    too_long = {"RESPONDERS": "[four classes](#responders)"}

    defaults = LogoutSettings()
    assert listed == {
        name: (f"`{kind}`", too_long.get(name, f"`{getattr(defaults, name)!r}`"))
        for name, kind in LogoutSettings.__annotations__.items()
    }


@pytest.mark.parametrize("name", LogoutSettings.__annotations__)
def test_setting_is_described_in_three_parts_with_an_example(name: str) -> None:
    """What it does, its default, and when to change it."""
    (section,) = re.findall(
        rf"^## `{name}`\n\n(.+?)(?=^## )", PAGES["settings.md"], re.MULTILINE | re.DOTALL
    )
    what, rest = section.split("**Default:**")
    default, when = rest.split("**When to change it:**")
    shown = re.match(r"\s+(?:```python\n(.+?)```|`(.+?)`)", default, re.DOTALL)
    (example,) = re.findall(r"```python\n(LOGOUT = .+?)```", when, re.DOTALL)

    assert what.strip()
    assert shown
    assert ast.literal_eval(shown[1] or shown[2]) == getattr(LogoutSettings(), name)
    assert f'"{name}": ' in example


def test_public_names_are_documented() -> None:
    """The API page has every name that the package exports."""
    documented = re.findall(r"\.\. auto\w+:: django_logout\.(\w+)", PAGES["api.md"])

    assert set(django_logout.__all__) <= set(documented)


def test_reasons_are_documented_with_their_sentences() -> None:
    """The table has every reason, with the sentence that users read."""
    documented = {reason.strip("`"): sentence for reason, sentence, _ in rows("api.md", "reason")}

    assert documented == {reason.value: str(reason.label) for reason in Reason}


def test_templates_are_documented() -> None:
    """The table has every template that a project can replace, and no other."""
    documented = {template.strip("`") for template, *_ in rows("view.md", "template")}

    assert documented == {
        template.relative_to(TEMPLATES).as_posix() for template in TEMPLATES.rglob("*.html")
    }


@pytest.mark.parametrize("template", ["django_logout/logout.html", "django_logout/logged_out.html"])
def test_templates_get_the_context_that_is_documented(
    template: str, client: Any, user: Any
) -> None:
    """A project's own template can rely on these names."""
    client.force_login(user)
    ask = client.get if template.endswith("/logout.html") else client.post
    contexts = {name.strip("`"): context for name, _, context in rows("view.md", "template")}
    named, _, _ = contexts[template].partition(";")

    response = ask(LOGOUT)

    assert template in [used.name for used in response.templates]
    assert set(re.findall(r"`(\w+)`", named)) - {"extra_context"} <= response.context.keys()


def test_tests_of_django_that_fail_on_purpose_are_documented() -> None:
    """The table has each intended difference that they show, and no other."""
    documented = set(re.findall(r"`(\w+Tests?\.test_\w+)`", PAGES["differences.md"]))

    assert documented == {".".join(name.split(".")[-2:]) for name in DIFFERENCES}


def test_json_response_is_the_one_in_the_docs(client: Any, user: Any, settings: Any) -> None:
    """The example has the keys and values of the actual response."""
    settings.LOGOUT_REDIRECT_URL = "/"
    (sample,) = blocks("json")
    client.force_login(user)

    response = client.post(LOGOUT, headers={"accept": "application/json"})

    assert response.json() == json.loads(sample.values[0])
