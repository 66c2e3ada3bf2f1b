"""``manage.py logout``: common options, and keywords instead of options."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import UserManager
from django.core.management import CommandError, call_command

from django_logout import Reason
from django_logout.management.commands.logout import VERBS, Command
from django_logout.models import LoginSession, LogoutEvent
from tests.factories import make_rows
from tests.management.active_users import active_users
from tests.management.command import run


@pytest.mark.parametrize("verb", VERBS)
def test_django_options_can_follow_the_verb(verb: str) -> None:
    """Cron jobs write them there; options before the verb keep their values."""
    parser = Command().create_parser("manage.py", "logout")
    after = ["--settings=a.b", "--pythonpath", ".", "--no-color", "--skip-checks"]
    both = vars(parser.parse_args(["--traceback", "-v0", verb, *after]))
    neither = vars(parser.parse_args([verb]))
    own = {"settings": "a.b", "pythonpath": ".", "no_color": True, "skip_checks": True}
    assert both == {**neither, **own, "traceback": True, "verbosity": 0}
    assert parser.parse_args([verb, "-v", "2", "--traceback", "--force-color"]).traceback


@pytest.mark.django_db
def test_django_options_after_the_verb_are_validated() -> None:
    """Django refuses these two together."""
    assert "can't be used together" in run("list", "--no-color", "--force-color").error


@pytest.mark.django_db(transaction=True)
def test_ambiguous_user_name_is_refused(
    user: Any, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field that users log in with need not be unique, and the command must not pick one of
    them."""
    model = get_user_model()
    monkeypatch.setattr(model, "USERNAME_FIELD", "email")
    model._base_manager.update(email="us@example.com")
    make_rows(user, 1)
    said = run("end", "--user", "us@example.com")
    assert said.error.startswith("Several users have the email 'us@example.com'.")
    assert (said.code, active_users()) == (2, ["us@example.com"])


@pytest.mark.django_db(transaction=True)
def test_user_hidden_by_the_default_manager_is_found(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user may be deleted softly, and still have sessions to end."""

    class Shown(UserManager[Any]):
        def get_queryset(self) -> Any:
            return super().get_queryset().none()

    manager = Shown()
    manager.model = type(user)
    monkeypatch.setitem(vars(type(user)._meta), "default_manager", manager)
    make_rows(user, 1)
    assert run("end", "--user", "ann").out.startswith("Ended: session: 1.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("keywords", "left"),
    [
        ({"user": "ann"}, ["bob", "bob"]),
        ({"user": ["ann", "bob"], "yes": True}, []),
        ({"user": None, "idle_for": timedelta(0), "yes": True}, []),
        ({"user": "bob", "older_than": "0"}, ["ann", "ann"]),
        ({"user": "bob", "idle_for": "1d"}, ["ann", "ann", "bob", "bob"]),
        ({"from_ip": "192.0.2.0/24", "yes": True}, ["ann", "bob"]),
        ({"from_ip": [ip_network("192.0.2.0/24")], "user": ["ann"]}, ["ann", "bob", "bob"]),
    ],
    ids=str,
)
def test_keywords_are_parsed_like_options(
    two_each: list[LoginSession], keywords: dict[str, Any], left: list[str]
) -> None:
    """A keyword is one value or several, as text or as an object."""
    call_command("logout", "end", reason=Reason.ADMIN, verbosity=0, **keywords)
    assert active_users() == left
    assert all(event.reason == "admin" for event in LogoutEvent.objects.all())


@pytest.mark.django_db(transaction=True)
def test_ids_can_be_keywords(two_each: list[LoginSession]) -> None:
    """This holds for sessions and for events."""
    call_command("logout", "end", session=two_each[0].pk)
    call_command("logout", "end", session=str(two_each[1].pk))
    assert active_users() == ["bob", "bob"]
    call_command("logout", "retry", event=str(LogoutEvent.objects.all()[0].pk), now=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("verb", "keywords", "why"),
    [
        ("end", {"idle_for": "soon"}, "'soon' is not a duration"),
        ("end", {"session": "5"}, "'5' is not an id"),
        ("end", {"user": "ann", "reason": "x" * 65}, "a reason has 1 to 64 characters"),
        ("retry", {"event": "5"}, "'5' is not an id"),
    ],
)
def test_invalid_keywords_are_refused(
    user: Any, verb: str, keywords: dict[str, Any], why: str
) -> None:
    """The message is that of the option."""
    with pytest.raises(CommandError, match=why):
        call_command("logout", verb, **keywords)
