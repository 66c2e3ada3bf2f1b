"""The tasks, as each contender does them.

A task is a generator: it prepares, yields, does what is timed, yields, and checks the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import count
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from bench.browser import Browser
from bench.tables import PASSWORD, PEOPLE, crowd, give, people

Work = Iterator[None]


class Plain:
    """Django alone, which has to decode every row to find the sessions of one user."""

    tables: tuple[str, ...] = ("sessions.Session",)

    def __init__(self) -> None:
        self.models: list[Any] = [apps.get_model(label) for label in self.tables]
        self.numbers, self.rows = count(1), 0
        people(1, PEOPLE + 1)

    def grow(self, rows: int) -> None:
        """Grow the tables to so many sessions of other users."""
        crowd(self.models, self.rows, rows)
        self.rows = rows

    def someone(self, sessions: int) -> tuple[Any, list[str]]:
        """Return a user who has not been measured yet, with the keys of so many new sessions."""
        user = get_user_model().objects.get(pk=next(self.numbers))
        return user, give(self.models, user, sessions)

    def log_in(self, browser: Browser, user: Any) -> Any:
        """Prepare a request that logs in."""
        name = user.get_username()
        return browser.request(
            "POST", "/accounts/login/", username=name, login=name, password=PASSWORD
        )

    @cached_property
    def logged_in(self) -> Browser:
        """Return a browser that is logged in."""
        browser = Browser()
        self.log_in(browser, self.someone(0)[0])()
        return browser

    def page(self, sessions: int) -> Work:
        """Show a page to a logged-in user."""
        send = self.logged_in.request("GET", "/page/")
        yield
        response = send()
        yield
        assert response.content.startswith(b"user=u"), response.content

    def quiet(self, sessions: int) -> Work:
        """Show a page that ignores the user."""
        send = self.logged_in.request("GET", "/")
        yield
        response = send()
        yield
        assert response.content == b"quiet"

    def login(self, sessions: int) -> Work:
        """Log in on one more device."""
        browser, (user, _) = Browser(), self.someone(sessions)
        send = self.log_in(browser, user)
        yield
        response = send()
        yield
        assert response.status_code == 302, response.content
        assert browser.cookies["sessionid"].value

    def logout(self, sessions: int) -> Work:
        """Log out on this device."""
        browser, (user, _) = Browser(), self.someone(sessions)
        self.log_in(browser, user)()
        send = browser.request("POST", "/accounts/logout/")
        yield
        response = send()
        yield
        assert response.status_code == 302, response.content
        assert browser.request("GET", "/page/")().content == b"user="

    def everywhere(self, sessions: int) -> Work:
        """Log one user out on all devices."""
        user, keys = self.someone(sessions)
        yield
        self.end_all(user)
        yield
        assert not self.models[0].objects.filter(session_key__in=keys).exists()

    def list(self, sessions: int) -> Work:
        """List one user's sessions."""
        user, _ = self.someone(sessions)
        yield
        found = self.find(user)
        yield
        assert len(found) in {sessions, 20}, len(found)

    def end_all(self, user: Any) -> None:
        """End all sessions of a user, as the documentation of the package says."""
        self.models[0].objects.filter(session_key__in=self.find(user)).delete()

    def find(self, user: Any) -> Any:
        """List the sessions of a user, as the documentation of the package says."""
        rows = self.models[0].objects.iterator()
        wanted = str(user.pk)
        return [row.session_key for row in rows if row.get_decoded().get("_auth_user_id") == wanted]


class Recorded(Plain):
    """Django with our tables, and with a check that each ending left the whole record in them."""

    tables = ("sessions.Session", "django_logout.LoginSession")

    def logout(self, sessions: int) -> Work:
        yield from super().logout(sessions)
        self.check_record(1)

    def everywhere(self, sessions: int) -> Work:
        yield from super().everywhere(sessions)
        self.check_record(sessions)

    def check_record(self, sessions: int) -> None:
        """Check that the last event has so many sessions, and that all of them have ended."""
        from django_logout.models import LogoutEvent

        event = LogoutEvent.objects.latest("created_at")
        rows = event.login_sessions.filter(user=event.user_id, ended_at=event.created_at)
        assert event.complete
        assert event.user_label
        assert event.outcomes["session"]["ended"] == event.sessions == rows.count() == sessions


class Ours(Recorded):
    """This package."""

    def end_all(self, user: Any) -> None:
        from django_logout import Target, end_sessions

        assert end_sessions(Target.user(user)).complete

    def find(self, user: Any) -> Any:
        """List the first twenty sessions and count all, as the sessions page does."""
        from django_logout.sessions import engines
        from django_logout.web.session_list import Listing

        request = RequestFactory().get("/")
        request.user, request.session = user, engines.current_engine().store()
        return list(Listing(request, per_page=20).page)


class ByHand(Recorded):
    """Django alone, whose record is written by ``bench.record``."""


class Record(ByHand):
    """Keep the record of ours in SQL: the end of each session, and an event."""

    def end_all(self, user: Any) -> None:
        """Mark the rows, delete the sessions' data and write the event, in one transaction."""
        from django_logout.models import LogoutEvent

        event, now = LogoutEvent(reason="user", scope="user", user=user), timezone.now()
        event.created_at, event.user_label = now, user.get_username()
        ended = "UPDATE django_logout_loginsession SET ended_at = %s, event_id = %s "
        ended += "WHERE user_id = %s AND ended_at IS NULL RETURNING session_key"
        with transaction.atomic(), connection.cursor() as cursor:
            event_id = event.pk if connection.features.has_native_uuid_field else event.pk.hex
            at = connection.ops.adapt_datetimefield_value(now)
            cursor.execute(ended, [at, event_id, user.pk])
            keys = [key for (key,) in cursor.fetchall()]
            marks = ", ".join(["%s"] * len(keys))
            cursor.execute(f"DELETE FROM django_session WHERE session_key IN ({marks})", keys)
            event.sessions, event.complete = len(keys), True
            event.outcomes = {"session": {"ended": len(keys), "error": ""}}
            event.save(force_insert=True)


class Allauth(Plain):
    """allauth.usersessions: its sessions page and its adapter."""

    tables = ("sessions.Session", "usersessions.UserSession")

    def end_all(self, user: Any) -> None:
        from allauth.usersessions.adapter import get_adapter

        get_adapter().end_sessions(self.models[1].objects.filter(user=user))

    def find(self, user: Any) -> Any:
        return self.models[1].objects.purge_and_list(user)


class UserSessions(Plain):
    """django-user-sessions, an engine whose rows name their user."""

    tables = ("user_sessions.Session",)

    def end_all(self, user: Any) -> None:
        user.session_set.all().delete()

    def find(self, user: Any) -> Any:
        return list(user.session_set.all())


class Qsessions(UserSessions):
    """django-qsessions, an engine of the same kind."""

    tables = ("qsessions.Session",)


class Floor(Qsessions):
    """One SQL statement, without an ORM: the least that the database needs."""

    def end_all(self, user: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM qsessions_session WHERE user_id = %s", [user.pk])

    def find(self, user: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM qsessions_session WHERE user_id = %s", [user.pk])
            return cursor.fetchall()
