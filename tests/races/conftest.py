"""Sites to force races on: every session engine, on every database that it can matter on."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.engines import ALWAYS, one_of
from tests.example_site import scratch_database
from tests.races import setups
from tests.races.own_redis import OwnRedis
from tests.races.processes import Pool, World
from tests.races.serving import prepare
from tests.races.setups import SETUPS

Site = tuple[str, str]
DATABASES = ("sqlite", "postgres", "mariadb")

#: Each engine on SQLite, and those that keep something in a database, or race with the
#: registry in one, on real servers too.
MATRIX = [
    *(("sqlite", setup) for setup in SETUPS),
    *(("postgres", setup) for setup in ("db", "cached_db", "cache", "qsessions")),
    *(("mariadb", setup) for setup in ("db", "cached_db-memcached", "file", "signed_cookies")),
]
ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies", "qsessions"]
SITES = {
    "world": MATRIX,
    "small_world": [("sqlite", setup) for setup in [*ENGINES, "cache-memcached"]],
    "plain": [("sqlite", setup) for setup in ENGINES],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once on each site that ``--engines`` chooses: see ``tests/engines.py``."""
    option, test = metafunc.config.option, metafunc.definition.nodeid
    for fixture in SITES.keys() & set(metafunc.fixturenames):
        sites = chosen(SITES[fixture], option.engines, test, option.week)
        metafunc.parametrize(fixture, sites, ids="-".join, indirect=True)


def chosen(sites: list[Site], option: str, test: str, week: int) -> list[Site]:
    """Return the sites for one test. By rotation: two on SQLite and one more, and one on each
    server."""
    if option == "all":
        return sites
    if option == "local":
        return [site for site in sites if site[0] == "sqlite" and SETUPS[site[1]][1] == "locmem"]
    if option != "rotation":
        return [site for site in sites if site[1] in option.split(",")]
    always = [("sqlite", setup) for setup in ALWAYS]
    others = [site for site in sites if site not in always]
    groups = ([site for site in others if site[0] == database] for database in DATABASES)
    return [*always, *(one_of(group, test, week) for group in groups if group)]


class Pools:
    """The processes of this run, started when they are first needed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.pools: dict[tuple[str, bool], Pool] = {}

    def get(self, database: str, *, plain: bool = False) -> Pool:
        """Processes on one database, with the package or without."""
        if plain and (database, False) not in self.pools:
            self.get(database)  # makes the database
        if (database, plain) not in self.pools:
            name = f"logout_races_{os.getpid()}"
            if database == "sqlite":
                name = str(self.folder / name)
            url = services.URLS.get(database, "sqlite://")
            pool = self.pools[database, plain] = Pool(url, name, plain=plain)
            if not plain:
                pool.take().do("create_database", name=name)
                self.stack.callback(lambda: pool.take().do("drop_database", name=name))
            self.stack.callback(pool.drop_busy)
        return self.pools[database, plain]


@pytest.fixture(scope="session")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    """All processes; they end with the run."""
    with ExitStack() as stack:
        found = Pools(tmp_path_factory.mktemp("races"), stack)
        yield found
        for pool in found.pools.values():
            for each in pool.workers[1:]:
                each.quit()
            del pool.workers[1:]
    for pool in found.pools.values():
        pool.quit()


@pytest.fixture(scope="session")
def served_database() -> Iterator[str]:
    """A PostgreSQL database for real servers, in which Ann can log in."""
    services.need("postgres")
    with scratch_database(services.URLS["postgres"]) as url:
        prepare("ann", DATABASE_URL=url)
        yield url


def build(pools: Pools, tmp_path: Path, database: str, setup: str, **how: Any) -> World:
    """A site; skipped where its servers are missing."""
    services.need(database, SETUPS[setup][1].removeprefix("django_"))
    pool = pools.get(database, plain=how.pop("plain", False))
    pool.drop_busy()
    return setups.world(pool, setup, str(tmp_path), **how)


@pytest.fixture
def redis(tmp_path: Any) -> Iterator[OwnRedis]:
    """A server that may go down."""
    server = OwnRedis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def world(request: Any, pools: Pools, tmp_path: Path) -> World:
    """A site on each engine and database."""
    return build(pools, tmp_path, *request.param)


@pytest.fixture
def small_world(request: Any, pools: Pools, tmp_path: Path) -> World:
    """A site on each engine, for what does not depend on the database."""
    return build(pools, tmp_path, *request.param)


@pytest.fixture
def plain(request: Any, pools: Pools, tmp_path: Path) -> World:
    """A site without the package: the race must bring the session back, or it proves nothing."""
    return build(pools, tmp_path, *request.param, plain=True)


@pytest.fixture
def make_world(pools: Pools, tmp_path: Path) -> Any:
    """Makes a site of your choice: ``make_world("postgres", "cached_db", atomic=True)``."""

    def make(database: str, setup: str, **how: Any) -> World:
        return build(pools, tmp_path, database, setup, **how)

    return make
