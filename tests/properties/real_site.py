"""The real package under the model: requests, and whether what came of them is what has to be."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.forms.models import model_to_dict
from django.test import override_settings
from django.utils import timezone

from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import identity, registry
from django_logout.signals import session_ended
from tests.properties.reference_model import Account, Login, Model, Rules
from tests.properties.requests import Browser, Visit
from tests.races.processes import COOKIE

BROWSERS = 4


class Log(logging.Handler):
    """All that is logged, extras too."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(f"{record.getMessage()} {record.__dict__}")


class World:
    """One site, its users and their browsers."""

    def __init__(self, engine: str) -> None:
        self.engine, self.model = engine, Model()
        self.browsers = [Browser() for _ in range(BROWSERS)]
        self.told: Counter[tuple[str, str]] = Counter()
        self.log = Log()
        self.clock = time_machine.travel(timezone.now().replace(microsecond=0), tick=False)
        self.traveller = self.clock.start()
        self.settings = override_settings(ROOT_URLCONF="tests.properties.requests")
        self.settings.enable()
        logging.getLogger("django_logout").addHandler(self.log)
        session_ended.connect(self.hear)
        for name in ("ann", "bob", "root"):
            self.add_account(name)

    def close(self) -> None:
        """Nothing is left of it."""
        session_ended.disconnect(self.hear)
        logging.getLogger("django_logout").removeHandler(self.log)
        self.settings.disable()
        self.clock.stop()
        for model in (LogEntry, LoginSession, LogoutEvent, Cutoff, Session, get_user_model()):
            model.objects.all()._raw_delete("default")

    def hear(self, session: Any, reason: str, **kwargs: Any) -> None:
        """A receiver of the signal."""
        self.told[str(session.id), str(reason)] += 1

    def configure(self, rules: Rules) -> None:
        """Set limits."""
        self.model.rules = rules
        self.settings.disable()
        self.settings.options["LOGOUT"] = rules.setting()
        self.settings.enable()

    def add_account(self, name: str) -> None:
        """Create a user who can log in; root may do everything."""
        users: Any = get_user_model().objects
        make = users.create_superuser if name == "root" else users.create_user
        self.model.accounts.append(Account(name, make(name, password="pw").pk))

    def pass_time(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self.traveller.shift(seconds)

    def ask(self, browser: Browser, url: str, data: Any = None, **headers: str) -> Any:
        """A request, a second later than the last; it gives no session away."""
        self.pass_time(1)
        return self.heard(browser.send(url, data, **headers))

    def begin(self, browser: Browser, url: str, data: Any, point: str) -> Visit:
        """A request that stops at a point, if it comes by."""
        self.pass_time(1)
        return Visit(lambda: browser.send(url, data), point)

    def heard(self, answer: Any) -> Any:
        """What a browser is told, in which no cookie of anybody's stands."""
        for cookie in self.model.cookies:
            assert cookie not in answer.text
        return answer

    def login_id(self, browser: Browser) -> str:
        """The public id of the session in a browser's jar, as its data have it."""
        return str(browser.client.session.get(identity.ID_KEY, ""))

    def row(self, login: Login) -> LoginSession | None:
        """What the registry has of a session."""
        return LoginSession.objects.select_related("event").filter(pk=login.id).first()

    def observe(self, login: Login, *reasons: str) -> bool:
        """Where it may have ended, and need not have: whether it has. Then for one of these."""
        row = self.row(login)
        assert row is not None
        if login.alive and row.ended_at is not None:
            assert row.event is not None
            assert row.event.reason in reasons, (row.event.reason, reasons)
            self.model.end([login], row.event.reason)
        return not login.alive

    def refused(self, cookie: str) -> None:
        """An attacker who has a copy of a cookie is not logged in, and gets no cookie."""
        thief = Browser(cookie)
        self.pass_time(1)
        assert self.heard(thief.send("/")).text == ""
        assert self.heard(thief.send("/write/")).text == ""

    def check_rows(self) -> None:
        """The registry, the record and the signals say what has ended, once, and nothing else."""
        rows = {str(row.pk): row for row in LoginSession.objects.select_related("event")}
        alive = {
            str(pk) for pk in registry.only_active(registry.sessions()).values_list("pk", flat=True)
        }
        assert alive == {login.id for login in self.model.logins if login.alive}
        for login in self.model.logins:
            if login.reason and not login.cut and login.id in rows:
                event = rows[login.id].event
                assert event is not None
                assert (event.reason, event.complete) == (login.reason, True)
        events = LogoutEvent.objects.exclude(sessions=0).values_list("reason", "sessions")
        assert Counter(events) == self.model.events
        ended = [each for each in self.model.logins if each.reason and not (each.cut or each.limbo)]
        limbo = {each.id for each in self.model.logins if each.limbo}
        told = {which: n for which, n in self.told.items() if which[0] not in limbo}
        assert told == Counter((login.id, login.reason) for login in ended)

    def audit(self) -> None:
        """Every cookie that anybody has ever been given does what it has to do."""
        for cookie, (login, _) in list(self.model.cookies.items()):
            if not login.alive and not login.limbo:
                self.refused(cookie)
        for login in self.model.alive():
            if self.model.exact(login.cookie):
                copy = Browser(login.cookie)
                name = self.ask(copy, "/").text
                served = self.model.present(login.cookie)
                assert name == (served.account.name if served else ""), login
        self.check_rows()
        secrets = [cookie for cookie in self.model.cookies if cookie]
        record = [str(model_to_dict(event)) for event in LogoutEvent.objects.all()]
        for text in [*record, *self.log.lines]:
            assert not any(secret in text for secret in secrets), text

    def deliver(self, answer: Any) -> str | None:
        """The session cookie in an answer: empty if it is taken back, ``None`` if there is none."""
        morsel = answer.cookies.get(COOKIE)
        return morsel.value if morsel else None
