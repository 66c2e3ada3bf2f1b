"""What has to be so, kept beside the real thing: who is logged in where, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone


@dataclass(eq=False)
class Account:
    """A user who can log in."""

    name: str
    pk: object
    active: bool = True
    version: int = 0
    "How often the password has changed."


@dataclass(eq=False)
class Login:
    """One session, from the login to its end."""

    id: str
    account: Account
    begun: datetime
    version: int
    authenticated: datetime = field(default_factory=timezone.now)
    seen: datetime = field(default_factory=timezone.now)
    cookie: str = ""
    "The one that its browser was given last."
    reason: str = ""
    "Why it has ended."
    cut: bool = False
    "It has ended with everyone's, who are not listed."
    limbo: bool = False
    "It is being ended by a request that has not been answered yet."
    stayed: bool = False
    "Its user has changed the password in it."

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return not self.reason


@dataclass
class Rules:
    """The settings of one run; seconds."""

    idle: float | None = None
    age: float | None = None
    limit: int | None = None
    refuse: bool = False
    touch: float = 0.5

    def setting(self) -> dict[str, object]:
        """As ``LOGOUT`` has it. Half a second of no interest: every request is written."""
        return {
            "IDLE_TIMEOUT": self.idle and timedelta(seconds=self.idle),
            "ABSOLUTE_TIMEOUT": self.age and timedelta(seconds=self.age),
            "MAX_SESSIONS": self.limit,
            "ON_MAX_SESSIONS": "refuse" if self.refuse else "end_oldest",
            "LAST_SEEN_INTERVAL": timedelta(seconds=self.touch),
        }


class Model:
    """All of it."""

    def __init__(self) -> None:
        self.rules = Rules()
        self.accounts: list[Account] = []
        self.logins: list[Login] = []
        self.cookies: dict[str, tuple[Login, int]] = {}
        "Whose each cookie is, and since which password."
        self.events: Counter[tuple[str, int]] = Counter()
        "Why, and how many sessions at once."

    def whose(self, cookie: str) -> Login | None:
        """The session that a cookie belongs to."""
        return self.cookies[cookie][0] if cookie in self.cookies else None

    def give(self, login: Login, cookie: str, version: int | None = None) -> None:
        """A browser is given a cookie."""
        login.cookie = cookie
        self.cookies[cookie] = (login, login.version if version is None else version)

    def exact(self, cookie: str) -> bool:
        """Whether this cookie has to work, if its session is alive: nothing is in flight that
        could have replaced it."""
        login = self.whose(cookie)
        if login is None or login.limbo:
            return login is None
        return not login.alive or (login.cookie, login.version) == (cookie, self.cookies[cookie][1])

    def alive(self, account: Account | None = None) -> list[Login]:
        """What has not ended, newest first."""
        found = [login for login in self.logins if login.alive]
        return [e for e in reversed(found) if account is None or e.account is account]

    def over(self, login: Login) -> str:
        """Why it is to end when it is next used, because of its time."""
        now, rules = timezone.now(), self.rules
        if rules.age and (now - login.authenticated).total_seconds() >= rules.age:
            return "absolute_timeout"
        if rules.idle and (now - login.seen).total_seconds() >= rules.idle:
            return "idle"
        return ""

    def shut_out(self, login: Login) -> str:
        """Why it is refused when it is next used, because of an account changed in silence."""
        if not login.account.active:
            return "disabled"
        return "password_changed" if login.version != login.account.version else ""

    def end(self, logins: Iterable[Login], reason: str, *, cut: bool = False) -> None:
        """They end in one go, and have not before."""
        ended = [login for login in logins if login.alive]
        for login in ended:
            login.reason, login.cut = reason, cut
        if ended:
            self.events[reason, len(ended)] += 1

    def present(self, cookie: str) -> Login | None:
        """Who is served with a cookie; what is over, or shut out, ends with being presented."""
        login = self.whose(cookie)
        if login is None or not login.alive:
            return None
        reason = self.over(login)
        if not reason and (reason := self.shut_out(login)) == "password_changed" and login.stayed:
            return None  # perhaps an old copy: refused by Django, and not ended
        if reason:
            self.end([login], reason)
            return None
        login.seen = timezone.now()
        return login

    def places(self, account: Account, without: Login | None) -> list[Login]:
        """Those that count against the limit."""
        return [e for e in self.alive(account) if e is not without and not self.over(e)]
