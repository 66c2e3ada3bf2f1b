"""docs/integrations.md and docs/compatibility.md say what the projects' headers and uv.lock say."""

import pytest

from tests.projects import document, headers

PROJECTS = sorted(path.parent.name for path in headers.HERE.glob("*/settings.py"))


@pytest.mark.parametrize("name", document.PAGES)
def test_page_is_up_to_date(name: str) -> None:
    """Write them anew by ``python -m tests.projects.document``."""
    assert (document.DOCS / name).read_text() == document.PAGES[name]()


@pytest.mark.parametrize("name", PROJECTS)
def test_project_has_a_header(name: str) -> None:
    """A part of another names one that has a section."""
    header = headers.read_header(headers.HERE / name / "settings.py")
    assert header.part_of in {"", *PROJECTS}


def test_missing_field_is_named(tmp_path: object) -> None:
    """And the project."""
    settings = tmp_path / "cars" / "settings.py"  # type: ignore[operator]
    settings.parent.mkdir()
    settings.write_text('"""Cars.\n\nApp: Cars\nVerdict: works as it is.\n"""')
    with pytest.raises(ValueError, match="The settings of cars do not say: Before, Not reached"):
        headers.read_header(settings)
