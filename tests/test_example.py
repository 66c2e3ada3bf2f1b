"""The car site as a newcomer meets it: its commands, its switches, its servers."""

import re
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import services
from tests.example_site import (
    EXAMPLE,
    SERVERS,
    Visitor,
    environment,
    fill,
    manage,
    scratch_database,
    serving,
)

pytestmark = pytest.mark.slow

SWITCHES = {
    "db": ("sqlite", "locmem"),
    "cached_db": ("postgres", "redis"),
    "cache": ("sqlite", "memcached"),
    "file": ("mariadb", "locmem"),
    "signed_cookies": ("sqlite", "redis"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with people and cars, to be copied."""
    folder = tmp_path_factory.mktemp("cars")
    fill(environment(folder))
    return folder / "cars.sqlite3"


@pytest.fixture
def env(filled: Path, tmp_path: Path) -> dict[str, str]:
    """A site of its own."""
    shutil.copy(filled, tmp_path)
    return environment(tmp_path)


def _assert_logs_out_truly(origin: str) -> None:
    visitor = Visitor(origin)
    visitor.log_in()
    assert visitor.is_logged_in
    thief = visitor.copy()
    visitor.post("/logout/")
    assert not visitor.is_logged_in
    assert not thief.is_logged_in


def test_project_is_in_order(env: dict[str, str]) -> None:
    """Checks are silent, migrations complete."""
    assert "no issues" in manage(env, "check")
    assert "No changes" in manage(env, "makemigrations", "--check", "--dry-run")


def test_demo_data_can_be_run_again(env: dict[str, str]) -> None:
    """The same users and cars, not twice as many, and no user is logged out by it."""
    count = "from cars.models import Car; from django.contrib.auth.models import User as U;"
    count += "print(Car.objects.count(), list(U.objects.values_list('username', 'password')))"
    before = manage(env, "shell", "--no-imports", "-c", count)
    printed = manage(env, "demo_data")
    assert "customer / customer-customer" in printed
    assert manage(env, "shell", "--no-imports", "-c", count) == before


@pytest.mark.parametrize("server", SERVERS)
def test_works_under_each_server(env: dict[str, str], server: str) -> None:
    """WSGI, ASGI and Django's own; static files too."""
    with serving(env, server) as origin:
        assert Visitor(origin).get("/static/site/site.css")[0] == 200
        _assert_logs_out_truly(origin)


@pytest.mark.parametrize("session_engine", SWITCHES)
def test_environment_switches_real_parts_in(env: dict[str, str], session_engine: str) -> None:
    """Each session engine, with the databases and caches that the site can be pointed at."""
    database, cache = SWITCHES[session_engine]
    services.need(database, cache)
    switches = {
        "SESSION_ENGINE": session_engine,
        "CACHE_URL": services.URLS.get(cache, "locmem://"),
    }
    with ExitStack() as stack:
        if database in services.URLS:
            url = stack.enter_context(scratch_database(services.URLS[database]))
            switches["DATABASE_URL"] = url
            fill(env | switches)
        _assert_logs_out_truly(stack.enter_context(serving(env | switches)))


def test_no_page_has_anything_inline() -> None:
    """The policy forbids it, and a browser would drop it silently."""
    inline = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:")
    for template in EXAMPLE.rglob("*.html"):
        assert not inline.search(template.read_text()), template
