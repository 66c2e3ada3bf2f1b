"""Everything else that happens to sessions: others end them, accounts change, time passes, caches
forget, and answers come late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from django_logout import Reason, Target, end_sessions
from django_logout.sessions import activity
from django_logout.web import replay_detection
from tests.clients import EVERYWHERE, LOGOUT, OTHERS
from tests.properties.reference_model import Login
from tests.properties.requests import LOADING, ROTATING, SAVING, Browser, Visit
from tests.properties.user_rules import People, accounts, browsers
from tests.races.worker import evict

HELD = {
    "/hold/": (*LOADING, "view"),
    "/write/": (*LOADING, "view", *SAVING),
    "/rotate/": ROTATING,
    "/password/": ROTATING,
    "/recreate/": ("view",),
    "/resave/": ("view",),
    "/clone/": ("view",),
    LOGOUT: ("selected", "committed"),
    "/plain-logout/": ("selected", "committed"),
    OTHERS: ("selected",),
    EVERYWHERE: ("selected",),
}
late = st.sampled_from([(url, point) for url, points in HELD.items() for point in points])
sessions_admin = "/admin/django_logout/loginsession/"


@dataclass(eq=False)
class Held:
    """A request under way: of which session, and since which password."""

    browser: Browser
    login: Login
    url: str
    point: str
    visit: Visit
    version: int
    written: bool = False
    "The password has been written."


class Sessions(People):
    """A subclass for each engine says which."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Held] = []

    def teardown(self) -> None:
        """All that is under way is answered, and every cookie tried."""
        try:
            while self.held:
                self.finish(0)
            self.world.audit()
        finally:
            for held in self.held:
                held.visit.finish()
            self.world.close()

    @rule(number=browsers, which=st.sets(st.integers(0, 9), min_size=1))
    def administrator(self, number: int, which: set[int]) -> None:
        """Chooses sessions of others in the list."""
        found = self.user(number)
        if found is None or found[1].account.name != "root":
            return
        browser, login = found
        logins = {self.model.logins[each % len(self.model.logins)] for each in which}
        chosen = [each for each in logins if each is not login and not each.limbo]
        data = {"action": "end_chosen", "_selected_action": [each.id for each in chosen]}
        self.world.ask(browser, sessions_admin, {**data, "index": 0, "confirmed": "yes"})
        login.seen = timezone.now()
        self.model.end(chosen, "admin")

    @rule(name=accounts)
    def user_from_afar(self, name: str) -> None:
        """By code of the project's."""
        self.world.pass_time(1)
        account = self.account(name)
        end_sessions(Target.user(self.row(name)), reason=Reason.ADMIN)
        self.model.end(self.model.alive(account), "admin")

    @rule()
    def everyone(self) -> None:
        """Out, now."""
        self.world.pass_time(1)
        end_sessions(Target.everyone(), reason=Reason.COMMAND)
        self.model.end(self.model.alive(), "command", cut=True)

    def row(self, name: str) -> Any:
        """Of the user table."""
        return get_user_model().objects.get(pk=self.account(name).pk)

    @rule(name=accounts, quietly=st.booleans())
    def password_set(self, name: str, quietly: bool) -> None:
        """By an administrator or a reset; or by SQL, which sends no signal."""
        self.world.pass_time(1)
        account, user = self.account(name), self.row(name)
        if quietly:
            rows = get_user_model().objects.filter(pk=user.pk)
            rows.update(password=make_password("pw"))
        else:
            user.set_password("pw")
            user.save()
            self.model.end(self.model.alive(account), "password_changed")
        account.version += 1

    @rule(name=accounts, quietly=st.booleans(), active=st.booleans())
    def disable_or_enable(self, name: str, quietly: bool, active: bool) -> None:
        """A user who is enabled again is not logged in again."""
        self.world.pass_time(1)
        account, user = self.account(name), self.row(name)
        if quietly:
            get_user_model().objects.filter(pk=user.pk).update(is_active=active)
        else:
            if user.is_active and not active:
                self.model.end(self.model.alive(account), "disabled")
            user.is_active = active
            user.save()
        account.active = active

    @rule(name=accounts)
    def delete_account(self, name: str) -> None:
        """Another user of the same name is created after it."""
        account = self.account(name)
        if any(held.login.account is account for held in self.held):
            return  # a view that saves the user would make it again
        self.world.pass_time(1)
        self.row(name).delete()
        self.model.end(self.model.alive(account), "deleted")
        self.model.accounts.remove(account)
        self.world.add_account(name)

    @rule(seconds=st.sampled_from([10, 40, 70, 110, 250]))
    def pass_time(self, seconds: int) -> None:
        """Long enough for some of the limits."""
        self.world.pass_time(seconds)

    @rule()
    def restart(self) -> None:
        """The process remembers nothing. (Where it has not written all, that is another story.)"""
        if self.model.rules.touch < 1:
            activity._memories().clear()
            replay_detection._counted.clear()

    @rule(what=st.sampled_from(["", "django_logout:", "django_logout:seen", "django_logout:mark"]))
    def forget(self, what: str) -> None:
        """The cache loses what it held; sessions too, where they are in a database as well."""
        if self.engine != "db" and (what or self.engine != "cache"):
            evict(what)

    @rule(which=st.integers(0, 30))
    def replay(self, which: int) -> None:
        """The cookie of a session that has ended comes back."""
        cookies = self.model.cookies.items()
        ended = [c for c, (login, _) in cookies if not login.alive and not login.limbo]
        if ended:
            self.world.refused(ended[which % len(ended)])

    @rule(number=browsers, request=late)
    def begin(self, number: int, request: tuple[str, str]) -> None:
        """A request stops on its way."""
        found, (url, point) = self.user(number), request
        if found is None or len(self.held) == 3:
            return
        browser, login = found
        data = None if url in {"/hold/", "/clone/"} else {"password": "pw"}
        password = self.row(login.account.name).password
        visit = self.world.begin(browser, url, data, point)
        held = Held(browser, login, url, point, visit, login.version)
        self.held.append(held)
        if not visit.stopped:
            self.finish(len(self.held) - 1)
        elif point == "committed":
            login.limbo = True
            self.model.end([login], "user")
        else:
            if self.row(login.account.name).password != password:
                self.write_password(held)
            if (url, point) in self.replacing():
                login.cookie = ""

    def replacing(self) -> set[tuple[str, str]]:
        """Where the key that the browser knows is gone, and it has not heard of the new one."""
        points = {"signed_cookies": (), "cache": ("after", "session into cache")}
        stops = points.get(self.engine, ("after",))
        return {(url, point) for url in ("/rotate/", "/password/") for point in stops}

    def write_password(self, held: Held) -> None:
        """The account has changed; the session is about to follow, if it is alive."""
        held.written = True
        self.password_changed(held.login)

    @rule(which=st.integers(0, 2))
    def finish(self, which: int) -> None:
        """The answer comes, and the browser takes what cookie it brings."""
        if not self.held:
            return
        held = self.held.pop(which % len(self.held))
        self.world.pass_time(1)
        login, answer = held.login, self.world.heard(held.visit.finish())
        if held.url in {LOGOUT, "/plain-logout/", OTHERS, EVERYWHERE}:
            self.late_ending(held)
            return
        if held.url == "/password/" and not held.written:
            self.write_password(held)
        cookie = self.world.deliver(answer)
        doom = filter(None, [self.model.over(login), self.doom(login)])
        if not login.alive or self.world.observe(login, *doom):
            self.too_late(held, cookie)
            return
        if held.url == "/clone/" and self.model.over(login):
            assert not cookie  # the copy has been looked at anew
            return
        login.seen = timezone.now()
        if cookie:
            changed = held.url == "/password/"
            login.version = login.account.version if changed else login.version
            self.model.give(login, cookie, login.version if changed else held.version)

    def too_late(self, held: Held, cookie: str | None) -> None:
        """An answer whose session has ended meanwhile hands out no cookie of it."""
        # On db a save that has succeeded is not followed by a look: neither at what ends after it,
        # as while the answer is on its way, nor at everyone's cut-off. It is refused, as all are.
        unseen = self.engine == "db" and (held.login.cut or held.point == "engine saved")
        if cookie and (unseen or held.login.limbo):
            self.model.give(held.login, cookie)
        elif cookie:  # a guest's, who was refused when the session was looked at
            assert self.world.login_id(held.browser) == ""
        # Neither is the browser's own taken away, unless the session was looked at since. (What
        # cached_db has loaded goes into the cache, too.)
        looked = held.point in (*LOADING, "session into cache") or held.url == "/write/"
        assert cookie != "" or looked

    def late_ending(self, held: Held) -> None:
        """Whatever is alive when it comes to be decided has ended then."""
        login, model = held.login, self.model
        held.login.limbo = False
        if held.url == OTHERS:
            others = [each for each in model.alive(login.account) if each is not login]
            model.end(others, "remote")
            if login.alive:
                login.seen = timezone.now()
        elif held.url == EVERYWHERE:
            model.end(model.alive(login.account), "everywhere")
        elif login.alive:
            reasons = filter(None, [model.over(login), self.doom(login), "user"])
            assert self.world.observe(login, *reasons)
