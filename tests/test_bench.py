"""``make bench`` works; its times are not for tests to judge, its counts of moves are."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import services
from tests.backends import cache_from_url
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("matplotlib") is None or not (ROOT / "bench").is_dir(),
        reason="needs bench/ and its dependency group",
    ),
]


def test_forged_tokens_fetch_no_keys() -> None:
    """Beside logins and good notices: no more often than the cool-down allows."""
    command = [sys.executable, "-m", "bench.forged", "--seconds", "4"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": PATIENCE}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environ, **how)
    assert done.returncode == 0, done.stderr
    assert "fetches of the keys:   1 (at most 2)" in done.stdout


def test_each_kind_of_forged_token_is_refused() -> None:
    """And what it costs is reported."""
    command = [sys.executable, "-m", "bench.refusals", "--requests", "2"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": PATIENCE}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environ, **how)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 13


def test_it_measures_contenders_in_turns_and_writes_a_page_and_a_plot(tmp_path: Path) -> None:
    """Each in a process of its own, on SQLite, and ends by itself."""
    contenders = ["django-db", "ours-db", "django-db-record", "record"]
    command = [sys.executable, "-m", "bench", "--quick"]
    command += ["--databases", "sqlite", "--output", str(tmp_path), "--contenders", *contenders]
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert page in done.stdout
    assert "| Django alone, db | " in page
    assert "| yes | SQLite | django-logout, db: page, more queries | 0 | 0 |" in page
    assert "django-logout, db: logout, to Django with the same record by hand | ≤ 1.25 x |" in page
    everywhere = "django-logout, db: everywhere, 5 sessions of 2,000, to the same record by hand"
    assert f"{everywhere} | ≤ 1.50 x |" in page
    assert "`LAST_SEEN_INTERVAL`" in page
    assert str(ROOT) not in page
    assert (tmp_path / "results.svg").read_text().count("<svg ") == 1


def test_a_time_or_a_ratio_of_one_turn_is_marked() -> None:
    """On a machine that was too busy for more."""
    from bench.measure import Measured
    from bench.report import _time

    once, often = Measured([0.002]), Measured([0.001] * 3)
    assert _time(once, None) == "2 (one turn)"
    assert _time(once, often) == "2 · 2.00 x (one turn)"
    assert _time(often, once) == "1 · 0.50 x (one turn)"
    assert _time(often, Measured([0.001] * 3)) == "1 · 1.00 x (1.00 to 1.00)"


@pytest.mark.needs("redis")
@pytest.mark.django_db(transaction=True)
def test_a_request_moves_between_files_at_most_so_often(user: Any, settings: Any) -> None:
    """A reader who follows a request opens a file with each move."""
    from bench.journey import moves, travel

    cache = cache_from_url(services.URLS["redis"])
    settings.CACHES = {"default": {**cache, "KEY_PREFIX": uuid4().hex}}
    page = travel("cached_db", "get", "/")
    assert moves(page.files) <= 55
    assert moves(page.folders) <= 22
    logout = travel("cache", "post", "/accounts/logout/")
    assert moves(logout.files) <= 200
    assert moves(logout.folders) <= 115
