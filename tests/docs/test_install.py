"""Put the three lines of the README into a new project."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import django_logout
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(INSTALLED_APPS = .*?)^```$", re.MULTILINE | re.DOTALL)

LOGS_IN_AND_OUT = """
from django.contrib.auth import get_user_model
from django.test import Client

get_user_model().objects.create_superuser("ann", password="pw")
browser, thief = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
browser.login(username="ann", password="pw")
thief.cookies["sessionid"] = browser.cookies["sessionid"].value
print("in:", thief.get("/admin/").status_code)
print("asked:", b"<form" in browser.get("/accounts/logout/").content)
print("told:", b"You have been logged out." in browser.post("/accounts/logout/").content)
print("out:", thief.get("/admin/").headers["Location"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of ``startproject`` with the three lines of the README."""
    run(tmp_path, "-m", "django", "startproject", "mysite", ".")
    apps, middleware, urls = readme_lines()
    settings = tmp_path / "mysite" / "settings.py"
    given: dict[str, Any] = {"__file__": str(settings)}
    exec(settings.read_text(), given)
    with settings.open("a") as file:
        for line in apps, middleware:
            name, value = assigned(line)
            file.write(f"{name} = {merged(given[name], value)!r}\n")
        file.write('LOGIN_URL = "admin:login"\n')
    with (tmp_path / "mysite" / "urls.py").open("a") as file:
        file.write(f"from django.urls import include\n{urls.replace('...', '*urlpatterns')}\n")
    return tmp_path


def readme_lines() -> list[str]:
    """Return the three lines, which the installation page has too."""
    readme, page = ((ROOT / name).read_text() for name in ("README.md", "docs/install.md"))
    (block,) = BLOCK.findall(readme)
    lines: list[str] = block.splitlines()
    assert all(line in page.splitlines() for line in lines)
    return lines


def assigned(line: str) -> tuple[str, list[Any]]:
    """Return name and value of ``NAME = [..., "something"]``; the dots are an Ellipsis."""
    (statement,) = ast.parse(line).body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.targets[0], ast.Name)
    return statement.targets[0].id, ast.literal_eval(statement.value)


def merged(given: list[str], line: list[Any]) -> list[str]:
    """Return the project's list with the new items of the line: after their neighbor, or last."""
    result, at = list(given), len(given)
    for item in line:
        if item in given:
            at = result.index(item) + 1
        elif item is not ...:
            result.insert(at, item)
            at += 1
    return result


def run(folder: Path, *arguments: str) -> str:
    """Run Python in the project, and return its output."""
    paths = [str(Path(django_logout.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_copied_cookie_is_refused_after_logout(project: Path) -> None:
    """The three lines and ``migrate`` are all that a new project needs."""
    run(project, "manage.py", "migrate", "--verbosity=0")

    said = run(project, "manage.py", "shell", "--no-imports", "-c", LOGS_IN_AND_OUT)

    assert said.splitlines() == [
        "in: 200",
        "asked: True",
        "told: True",
        "out: /admin/login/?next=/admin/",
    ]


def test_checks_are_silent_after_the_three_lines(project: Path) -> None:
    """System checks find nothing wrong with the three lines."""
    said = run(project, "manage.py", "check", "--fail-level=WARNING")

    assert said == "System check identified no issues (0 silenced).\n"
