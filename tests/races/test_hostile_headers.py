"""What clients send goes into rows; no database may fail on it and prevent a login or a logout."""

from typing import Any

import pytest

HOSTILE = {
    "user-agent": "Mozilla/5.0 (\x00 \xe9\xff \x85 " + "x" * 9999,
    "x-forwarded-for": "\x00, 1.2.3.4, " * 99,
}


@pytest.mark.parametrize("database", ["sqlite", "postgres", "mariadb"])
def test_nul_and_length_break_neither_login_nor_logout(make_world: Any, database: str) -> None:
    """PostgreSQL takes no NUL in a text, MariaDB none that is too long."""
    world = make_world(database, "db")
    world.settings["LOGOUT"] = {"TRUSTED_PROXIES": ["127.0.0.1"]}
    name, browser = world.add_user(), world.browser()
    form = {"username": name, "password": name}
    login = browser.begin("/login/", method="POST", data=form, headers=HOSTILE).finish()
    assert (login.status, login.errors) == (302, [])
    assert browser.user() == name
    logout = browser.begin("/logout/", method="POST", headers=HOSTILE).finish()
    assert (logout.status, logout.errors) == (302, [])
    assert browser.user() == ""
