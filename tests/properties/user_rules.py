"""What people do with their sessions, and what has to come of it."""

from __future__ import annotations

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.clients import EVERYWHERE, JSON, LOGOUT, OTHERS, SESSIONS, end_url
from tests.properties.real_site import BROWSERS, World
from tests.properties.reference_model import Account, Login, Rules
from tests.properties.requests import Browser

#: No whole number of seconds, as all others are: nothing is ever just about to expire.
IDLE, AGE = 100.25, 400.25

browsers = st.integers(0, BROWSERS - 1)
accounts = st.sampled_from(["ann", "ann", "bob", "root"])

OUT = (LOGOUT, "/plain-logout/", EVERYWHERE)


class People(RuleBasedStateMachine):
    """Some users, some browsers."""

    engine = "db"
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.engine)
        self.model = self.world.model

    @initialize(idle=st.booleans(), age=st.booleans(), limit=st.sampled_from([None, None, 2, 3]))
    def limits(self, idle: bool, age: bool, limit: int | None) -> None:
        """One site has these, another those. (Where activity is written late, sessions that
        only this process knows to be over count against the limit.)"""
        touch = 20 if limit is None and age else 0.5
        times = (IDLE if idle else None, AGE if age else None)
        rules = Rules(*times, limit, refuse=limit == 3, touch=touch)
        self.world.configure(rules)
        for number, name in enumerate(("ann", "ann", "bob", "root")):
            self.log_in(number, name)

    @invariant()
    def rows(self) -> None:
        """After each step."""
        type(self).steps += 1
        self.world.check_rows()

    def browser(self, number: int) -> Browser | None:
        """One in which nothing is unclear because of an answer that is under way."""
        browser = self.world.browsers[number]
        return browser if self.model.exact(browser.cookie) else None

    def user(self, number: int) -> tuple[Browser, Login] | None:
        """A browser in which a user is certainly logged in."""
        browser = self.world.browsers[number]
        login = self.model.whose(browser.cookie)
        if login is None or not login.alive or not self.model.exact(browser.cookie):
            return None
        return None if self.model.over(login) or self.model.shut_out(login) else (browser, login)

    def account(self, name: str) -> Account:
        """Of this name, now."""
        return next(each for each in self.model.accounts if each.name == name)

    @rule(number=browsers, url=st.sampled_from(["/", "/write/", "/rotate/"]))
    def use(self, number: int, url: str) -> None:
        """A page, on which the site says who it thinks this is."""
        if (browser := self.browser(number)) is None:
            self.use_unclear(number)
            return
        cookie = browser.cookie
        answer = self.world.ask(browser, url)
        login = self.model.present(cookie)
        assert answer.text == (login.account.name if login else "")
        if login is not None:
            assert browser.cookie
            self.model.give(login, browser.cookie)
        elif (owner := self.model.whose(cookie)) is not None and not owner.alive:
            assert browser.cookie != cookie

    def use_unclear(self, number: int) -> None:
        """With a cookie that is being replaced: served or not, but nothing ends by it."""
        browser = self.world.browsers[number]
        login, cookie = self.model.whose(browser.cookie), browser.cookie
        assert login is not None
        name = self.world.ask(browser, "/").text
        assert name in {"", login.account.name}
        if not login.limbo:
            self.world.observe(login, *filter(None, [self.model.over(login), self.doom(login)]))
        if name and login.alive:
            login.seen = timezone.now()
        assert browser.cookie in {cookie, ""}

    def doom(self, login: Login) -> str:
        """Why it may be found to be shut out."""
        reason = self.model.shut_out(login)
        return "" if reason == "password_changed" and login.stayed else reason

    @rule(number=browsers, name=accounts)
    def log_in(self, number: int, name: str) -> None:
        """Where no user is logged in, another user, or the same user."""
        browser, account = self.browser(number), self.account(name)
        if browser is None:
            return
        model, cookie = self.model, browser.cookie
        answer = self.world.ask(browser, "/login/", {"username": name, "password": "pw"})
        if not account.active:
            assert answer.status_code == 200
            return
        before = model.whose(cookie)
        if before is not None and before.alive and model.over(before):
            model.end([before], model.over(before))
        before = before if before is not None and before.alive else None
        if before and (before.account, before.version) == (account, account.version):
            now = timezone.now()
            before.authenticated = before.seen = now
            before.stayed = False
            model.give(before, browser.cookie)
            return
        full = model.rules.limit and len(model.places(account, before)) >= model.rules.limit
        self.let_go(before, account, refused=bool(full and model.rules.refuse))
        if full and model.rules.refuse:
            assert self.world.login_id(browser) == ""
            return
        self.enter(browser, account)

    def let_go(self, before: Login | None, account: Account, *, refused: bool) -> None:
        """The session that a browser had ends when another user logs in with it."""
        if before is None:
            return
        same = before.account is account
        reason = "password_changed" if same else "switched"
        if refused and not same:
            reason = self.model.shut_out(before) or "flushed"
        self.model.end([before], reason)

    def enter(self, browser: Browser, account: Account) -> None:
        """A new session; the oldest go if it is one too many."""
        model = self.model
        now = timezone.now()
        login = Login(self.world.login_id(browser), account, now, account.version)
        assert login.id
        assert all(login.id != each.id for each in model.logins)
        model.logins.append(login)
        model.give(login, browser.cookie)
        if model.rules.limit:
            model.end(model.places(account, None)[model.rules.limit :], "limit")

    @rule(number=browsers, url=st.sampled_from(OUT))
    def log_out(self, number: int, url: str) -> None:
        """By our view, by Django's own function, everywhere."""
        browser = self.browser(number)
        if browser is None:
            return
        login = self.model.whose(browser.cookie)
        shut_out = self.user(number) is None
        if url == EVERYWHERE and shut_out:
            return
        self.world.ask(browser, url, {})
        assert browser.cookie == ""
        if login is None or not login.alive:
            return
        if shut_out:
            reasons = [self.model.over(login), self.model.shut_out(login), "user"]
            assert self.world.observe(login, *filter(None, reasons))
        elif url == EVERYWHERE:
            self.model.end(self.model.alive(login.account), "everywhere")
        else:
            self.model.end([login], "user")

    @rule(number=browsers, which=st.integers(0, 9))
    def end_one(self, number: int, which: int) -> None:
        """From elsewhere: the user's own sessions, and no other user's."""
        found, logins = self.user(number), self.model.logins
        if found is None:
            return
        browser, login = found
        target = logins[which % len(logins)]
        if target is login or target.limbo:
            return
        answer = self.world.ask(browser, end_url(target.id), {})
        login.seen = timezone.now()
        mine = target.account is login.account
        assert answer.status_code == (200 if mine else 404) or (mine and answer.status_code == 302)
        if mine:
            self.model.end([target], "remote")

    @rule(number=browsers)
    def end_others(self, number: int) -> None:
        """All but this one."""
        if (found := self.user(number)) is None:
            return
        browser, login = found
        self.world.ask(browser, OTHERS, {})
        login.seen = timezone.now()
        self.model.end([e for e in self.model.alive(login.account) if e is not login], "remote")

    @rule(number=browsers)
    def change_password(self, number: int) -> None:
        """Of one's own account: this session stays, the others end."""
        if (found := self.user(number)) is None:
            return
        browser, login = found
        assert self.world.ask(browser, "/password/", {"password": "pw"}).text == login.account.name
        login.seen = timezone.now()
        self.password_changed(login)
        login.version = login.account.version
        self.model.give(login, browser.cookie)

    def password_changed(self, login: Login) -> None:
        """In this session, which stays."""
        others = [each for each in self.model.alive(login.account) if each is not login]
        self.model.end(others, "password_changed")
        login.account.version += 1
        login.account.active = True  # the whole row is written
        login.stayed = True

    @rule(number=browsers)
    def list_sessions(self, number: int) -> None:
        """As JSON; it shows this session, and none that has ended or is another user's."""
        if (found := self.user(number)) is None:
            return
        browser, login = found
        answer = self.world.ask(browser, SESSIONS, **JSON).json()["sessions"]
        login.seen = timezone.now()
        shown = {entry["id"] for entry in answer}
        assert [entry["id"] for entry in answer if entry["current"]] == [login.id]
        assert shown <= {each.id for each in self.model.alive(login.account)}
        assert shown >= {e.id for e in self.model.alive(login.account) if not self.model.over(e)}
