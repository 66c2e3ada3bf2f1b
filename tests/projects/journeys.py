"""What is true of every site, whatever apps it has: four ways out, each tried with a copied cookie.

`make test-ci` takes the site's own way only, and `make test-all` takes all.
"""

from abc import ABC, abstractmethod
from typing import Any

import pytest
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import EVERYWHERE, SESSIONS, Page, logged_in_as
from tests.projects.visitor import Visitor


class Journeys(ABC):
    """Tests of a site; a subclass knows how its users log in and out."""

    #: What the app's own logout records. Most call ``django.contrib.auth.logout()``.
    reason = "user"
    #: How many entries our page of sessions has after two logins.
    listed = 2

    @abstractmethod
    def log_in(self, visitor: Visitor) -> None:
        """Log ann in, by the site's own pages."""

    @abstractmethod
    def log_out(self, visitor: Visitor) -> None:
        """Log out, by the site's own pages."""

    def who(self, visitor: Visitor) -> str:
        """Return whom the site serves."""
        return visitor.who()

    def arrive(self) -> tuple[Visitor, Visitor]:
        """Return a visitor who has logged in, and a thief with a copy of the cookies."""
        visitor = Visitor()
        self.log_in(visitor)
        assert self.who(visitor) == "ann", visitor.page.content
        thief = visitor.copy()
        assert self.who(thief) == "ann"
        return visitor, thief

    def test_logout_ends_the_session(self, engine: str, user: Any) -> None:
        """A copied cookie is refused, and other sessions go on."""
        (here, copy), (there, _) = self.arrive(), self.arrive()
        self.log_out(here)
        assert here.page.status_code == 200, (here.url, here.page)
        assert (self.who(here), self.who(copy), self.who(there)) == ("", "", "ann")
        event = LogoutEvent.objects.exclude(sessions=0).get()
        assert (event.reason, event.sessions, event.complete) == (self.reason, 1, True)
        assert LoginSession.objects.filter(ended_at=None).count() == 1
        self.log_in(here)
        assert (self.who(here), self.who(copy)) == ("ann", "")

    @pytest.mark.slow
    def test_sessions_page_ends_every_session(self, engine: str, user: Any) -> None:
        """It lists those that the app has made."""
        (here, copy), (there, other) = self.arrive(), self.arrive()
        assert (
            len(here.visit(SESSIONS, Accept="application/json").json()["sessions"]) == self.listed
        )
        here.visit(SESSIONS)
        assert f'href="{EVERYWHERE}"' in here.page.content.decode()
        here.visit(EVERYWHERE)
        here.submit(EVERYWHERE)
        assert [self.who(visitor) for visitor in (here, copy, there, other)] == [""] * 4

    @pytest.mark.slow
    def test_end_sessions_reaches_every_session(self, engine: str, user: Any) -> None:
        """Called by code, without a request."""
        (here, copy), (there, other) = self.arrive(), self.arrive()
        result = end_sessions(Target.user(user), reason="admin")
        assert (result.complete, result.ended["session"]) == (True, 2)
        assert [self.who(visitor) for visitor in (here, copy, there, other)] == [""] * 4

    @pytest.mark.slow
    def test_our_logout_is_told_the_truth(self, engine: str, user: Any) -> None:
        """Our own page says so, and it is so."""
        here, copy = self.arrive()
        here.visit("/accounts/logout/")
        here.submit("/accounts/logout/")
        assert here.page.status_code == 200
        assert (self.who(here), self.who(copy)) == ("", "")


class AdminJourneys(Journeys):
    """The same in the admin, where ann is staff."""

    @pytest.fixture(autouse=True)
    def _staff(self, user: Any) -> None:
        """Let ann in."""
        user.is_staff = user.is_superuser = True
        user.save()

    def log_in(self, visitor: Visitor) -> None:
        """By the form that the admin leads to."""
        visitor.visit("/admin/")
        assert visitor.url == "http://testserver/admin/login/?next=/admin/"
        visitor.submit(username="ann", password="pw")
        assert visitor.url == "http://testserver/admin/"

    def log_out(self, visitor: Visitor) -> None:
        """By the button on the admin's pages."""
        visitor.visit("/admin/")
        visitor.submit("/admin/logout/")

    def test_customers_get_our_goodbye_page(self, user: Any) -> None:
        """Not the page of the admin's theme."""
        customer = Visitor()
        customer.visit("/login/")
        customer.submit(username="ann", password="pw")
        customer.visit("/accounts/logout/")
        customer.submit("/accounts/logout/")
        names = [template.name for template in customer.page.templates]
        assert "django_logout/logged_out.html" in names
        assert "registration/logged_out.html" not in names

    def test_records_are_shown_in_words(self, user: Any, other: Any) -> None:
        """Labels, the chart, and the table of outcomes are there, whatever the theme's templates."""
        Client().force_login(other)
        end_sessions(Target.user(other), reason="password_changed")
        event, row = LogoutEvent.objects.get(), LoginSession.objects.get()
        admin = Visitor()
        self.log_in(admin)

        def text(path: str) -> str:
            admin.visit(f"/admin/django_logout/{path}")
            assert admin.page.status_code == 200
            return " ".join(Page(admin.page).text.split())

        events = text("logoutevent/")
        assert "Password changed" in events
        assert "Endings in the last 30 days" in events
        assert [rect for rect in Page(admin.page).all("rect") if rect.get("x")]
        assert "Browser session 1 0 0" in text(f"logoutevent/{event.pk}/change/")
        listed = text("loginsession/")
        assert ("ann" in listed, "Active" in listed) == (True, True)
        assert admin.page.context["cl"].result_count == 1
        assert "bob" in text("loginsession/?status=ended")
        assert str(row) in text(f"loginsession/{row.pk}/change/")

    def test_user_is_logged_out_from_their_page(self, user: Any, other: Any) -> None:
        """By the link on the page and the theme's look of the question."""
        bobs, admin = Client(), Visitor()
        bobs.force_login(other)
        self.log_in(admin)
        meta = other._meta
        admin.visit(f"/admin/{meta.app_label}/{meta.model_name}/{other.pk}/change/")
        links = [link["href"] or "" for link in Page(admin.page).all("a") if link.get("href")]

        (url,) = [link for link in links if link.endswith("/log-out/")]
        admin.visit(url)
        assert logged_in_as(bobs) == "bob"
        admin.submit(confirmed="yes")

        assert (logged_in_as(bobs), self.who(admin)) == ("", "ann")
        assert LogoutEvent.objects.get().actor == user


class PlainJourneys(Journeys):
    """Where the app has no pages of login and logout: Django's form, and our page."""

    def log_in(self, visitor: Visitor) -> None:
        """By Django's form."""
        visitor.visit("/login/")
        visitor.submit(username="ann", password="pw")

    def log_out(self, visitor: Visitor) -> None:
        """By our page, which asks."""
        visitor.visit("/accounts/logout/")
        visitor.submit("/accounts/logout/")
