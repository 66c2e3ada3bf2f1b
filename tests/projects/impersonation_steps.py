"""What holds for every app in which an administrator acts as another user."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.models import LoginSession, LogoutEvent
from django_logout.types import Target
from tests.clients import EVERYWHERE, JSON, LOGOUT, browser, copy_of_all_cookies, home_page, listed

Step = Callable[[Client, Any], Any]

#: What the administrators of a site do to one of them.
CHANGES = {
    "everywhere": lambda boss: end_sessions(Target.user(boss), reason=Reason.REPORTED),
    "password": lambda boss: (boss.set_password("another"), boss.save()),
    "disabled": lambda boss: _save(boss, is_active=False),
    "disabled by SQL": lambda boss: _update(boss, is_active=False),
    "deleted": lambda boss: boss.delete(),
}


def _save(user: Any, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(user, name, value)
    user.save()


def _update(user: Any, **changes: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(**changes)


def acting(boss: Any, user: Any, begin: Step) -> Client:
    """Return the browser of the administrator, who acts as the user."""
    client = browser(boss, agent="Administrator")
    begin(client, user)
    assert home_page(client) == b"user=ann"
    return client


def check_way_back(boss: Any, user: Any, begin: Step, end: Step) -> None:
    """The administrator gets the session of before, without a second login on record."""
    client = acting(boss, user, begin)
    end(client, user)
    assert home_page(client) == b"user=boss"
    (entry,) = listed(client)
    assert entry["current"] is True
    active = LoginSession.objects.filter(ended_at=None)
    assert [row.user_id for row in active] == [boss.pk]


def check_no_way_back(boss: Any, user: Any, begin: Step, end: Step, change: str) -> None:
    """After this change neither user is served, whatever is pressed, nor by a copied cookie."""
    client = acting(boss, user, begin)
    thief = copy_of_all_cookies(client)
    CHANGES[change](boss)
    for each in (client, thief):
        assert home_page(each) == b"user="
        end(each, user)
        assert home_page(each) == b"user="


def check_no_login(boss: Any, user: Any, begin: Step, settings: Any) -> None:
    """It takes no place and sends no mail, and the user is not logged out anywhere."""
    get_user_model().objects.update(email="user@example.org")
    settings.LOGOUT = {"MAX_SESSIONS": 1, "NOTIFY": ["new_device", "sessions_ended"]}
    own = browser(user)
    client = acting(boss, user, begin)
    assert client.post(EVERYWHERE, headers=JSON).status_code == 403
    assert home_page(own) == b"user=ann"
    assert len(listed(own)) == 1
    client.post(LOGOUT)
    assert home_page(client) == b"user="
    assert home_page(own) == b"user=ann"
    assert mail.outbox == []
    assert LogoutEvent.objects.get().actor == boss


class Impersonation:
    """What holds by the app's own pages, which ``begin`` and ``end`` use."""

    begin: Step
    end: Step

    def test_way_back(self, engine: str, boss: Any, user: Any) -> None:
        """To the session of before."""
        check_way_back(boss, user, self.begin, self.end)

    @pytest.mark.parametrize("change", CHANGES)
    def test_no_way_back(self, engine: str, boss: Any, user: Any, change: str) -> None:
        """Once the sessions of the administrator have ended."""
        check_no_way_back(boss, user, self.begin, self.end, change)

    def test_no_login(self, engine: str, boss: Any, user: Any, settings: Any) -> None:
        """It is none of the user's."""
        check_no_login(boss, user, self.begin, settings)
