"""Logins that race for the last place: the limit is kept, and one of them gets it."""

from typing import Any

import pytest

from tests.races.processes import Browser, Pending, World

SITES = [
    ("sqlite", "db"),
    ("sqlite", "signed_cookies"),
    ("postgres", "db"),
    ("postgres", "cache"),
    ("mariadb", "db"),
    ("mariadb", "file"),
]
SERVERS = [site for site in SITES if site[0] != "sqlite"]
#: Where locks differ; on the engine on which a copy of the note is there however late it comes.
SOME = [(database, "signed_cookies") for database in ("sqlite", "postgres", "mariadb")]

#: How to see that a transaction waits for a lock; SQLite cannot tell.
WAITING = {
    "postgres": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    "mariadb": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
}


def limited(make_world: Any, site: tuple[str, str], at_limit: str, **how: Any) -> World:
    """A site on which one user has one session."""
    world: World = make_world(*site, **how)
    world.settings["LOGOUT"] = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": at_limit}
    world.settings["ROOT_URLCONF"] = "tests.races.limit_urls"
    return world


def log_in(browser: Browser, name: str, *stops: str) -> Pending:
    """By the form; comes back at once."""
    data = {"username": name, "password": name}
    return browser.send("/quiet-login/", *stops, method="POST", data=data)


def waits(world: World, database: str, late: Pending) -> None:
    """Give a login the time to get as far as it can while another one is held."""
    if database == "sqlite":
        late.worker.pipe.poll(0.5)
        return
    # MariaDB refreshes its table only if it was not read for a tenth of a second.
    while not late.worker.pipe.poll(0.2):
        if world.do("sql", statement=WAITING[database])[0][0]:
            break


def count_logged_in(*browsers: Browser) -> int:
    """How many of them are."""
    return sum(bool(each.user()) for each in browsers)


@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_later_of_two_concurrent_logins_stays(make_world: Any, site: tuple[str, str]) -> None:
    """Both are registered before either has looked who else is there."""
    world = limited(make_world, site, "end_oldest")
    name = world.add_user()
    first, second = world.browser(), world.browser()
    one = log_in(first, name, "login's row written").wait()
    two = log_in(second, name, "login's row written").wait()
    one.finish()
    two.finish()
    assert (first.user(), second.user()) == ("", name)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("site", SERVERS, ids="-".join)
def test_concurrent_logins_in_transactions_keep_the_limit(
    make_world: Any, site: tuple[str, str], order: int
) -> None:
    """Whichever is committed first; each has looked while the other was not."""
    world = limited(make_world, site, "end_oldest", atomic=True)
    name = world.add_user()
    first, second = world.browser(), world.browser()
    pending = [
        log_in(first, name, "view").wait(),
        log_in(second, name, "view").wait(),
    ]
    pending.insert(0, pending.pop(order))
    for each in pending:
        each.finish()
    assert (first.user(), second.user()) == ("", name)


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_where_logins_are_refused_one_of_two_gets_the_place(
    make_world: Any, site: tuple[str, str], atomic: bool
) -> None:
    """The first has found a place and not taken it yet; the second waits for it to be taken."""
    world = limited(make_world, site, "refuse", atomic=atomic)
    name = world.add_user()
    first, second = world.browser(), world.browser()
    one = log_in(first, name, "login's row").wait()
    two = log_in(second, name)
    waits(world, site[0], two)
    assert one.finish().status == 200
    assert two.wait().finish().status == 302
    assert (first.user(), second.user()) == (name, "")


@pytest.mark.parametrize("site", SERVERS, ids="-".join)
def test_others_log_in_meanwhile(make_world: Any, site: tuple[str, str]) -> None:
    """Only logins of the same user wait for each other."""
    world = limited(make_world, site, "refuse")
    names = [world.add_user(), world.add_user()]
    first, second = world.browser(), world.browser()
    one = log_in(first, names[0], "login's row").wait()
    log_in(second, names[1]).wait().finish()
    assert second.user() == names[1]
    one.finish()
    assert count_logged_in(first, second) == 2


def offered(browser: Browser, name: str) -> Browser:
    """A browser whose login waits for a choice."""
    answer = log_in(browser, name).wait().finish()
    assert (answer.status, answer.url) == (302, "/choose/")
    return browser


@pytest.mark.parametrize("site", SOME, ids="-".join)
def test_one_of_two_concurrent_choices_gets_the_place(
    make_world: Any, site: tuple[str, str]
) -> None:
    """Both end the same session; the first has found the place and not taken it yet. The other
    one is asked again."""
    world = limited(make_world, site, "ask")
    name = world.add_user()
    old, first, second = world.browser(), world.browser(), world.browser()
    log_in(old, name).wait().finish()
    offered(first, name)
    offered(second, name)
    one = first.begin("/choose/", "login's row", method="POST", data={"all": "on"})
    two = second.send("/choose/", method="POST", data={"all": "on"})
    waits(world, site[0], two)
    one.finish()
    answer = two.wait().finish()
    assert (answer.status, answer.url) == (302, "/choose/")
    assert (old.user(), first.user(), second.user()) == ("", name, "")
    assert second.post("/choose/", all="on").status == 302
    assert (first.user(), second.user()) == ("", name)


@pytest.mark.parametrize("site", SOME, ids="-".join)
def test_pending_login_is_completed_once(make_world: Any, site: tuple[str, str]) -> None:
    """Sent at once, by a thief or with a second click, where there is a place for more."""
    world = limited(make_world, site, "ask")
    name = world.add_user()
    log_in(world.browser(), name).wait().finish()
    first = offered(world.browser(), name)
    world.settings["LOGOUT"] = {"MAX_SESSIONS": 9, "ON_MAX_SESSIONS": "ask"}
    second = Browser(world, dict(first.cookies))
    one = first.begin("/choose/", "login's row", method="POST", data={"all": "on"})
    two = second.send("/choose/", method="POST", data={"all": "on"})
    waits(world, site[0], two)
    one.finish()
    answer = two.wait().finish()
    assert not answer.errors
    assert answer.url != "/"
    assert (first.user(), second.user()) == (name, "")
