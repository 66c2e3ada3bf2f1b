"""Calls that mean nothing fail at once, and say what to write instead."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.http import HttpRequest
from django.test import AsyncClient, RequestFactory
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from django_logout import (
    Reason,
    Target,
    aend_sessions,
    credentials_changed,
    end_sessions,
    logout,
)
from django_logout.decorators import storable
from django_logout.models import LoginSession, LogoutEvent
from django_logout.views import ends_sessions
from tests.clients import active_client, home_page, logged_in

pytestmark = pytest.mark.django_db(transaction=True)

USER = get_user_model()
REQUEST = HttpRequest()


class TokenUser:
    """What a token authenticates in place of a row."""

    pk = 1
    is_authenticated = True
    is_anonymous = False


#: Each call with a part of the message.
WRONG_TYPES = [
    (lambda: Target.user(5), r"Write Target\.users\(\w+\.objects\.filter\(pk=\.\.\.\)\)"),
    (lambda: Target.user("ann"), "not str"),
    (lambda: Target.user(None), "not NoneType"),
    (lambda: Target.user(USER), "not the class"),
    (lambda: Target.user([USER()]), r"pk__in=\.\.\."),
    (lambda: Target.user(USER.objects.all()), r"Write Target\.users\(queryset\)"),
    (lambda: Target.user(Group(pk=1)), "not Group"),
    (lambda: Target.users([5]), r"objects\.filter\(pk__in=\.\.\.\)"),
    (lambda: Target.users(USER(pk=5)), r"Write Target\.user\(user\)"),
    (lambda: Target.users(USER.objects), r"objects\.all\(\)"),
    (lambda: Target.users(Group.objects.all()), "not a queryset of Group"),
    (lambda: Target.session(5), "not int"),
    (lambda: Target.session(LoginSession()), "the row's pk"),
    (lambda: Target.sessions(str(uuid4())), r"Write Target\.session\(session_id\)"),
    (lambda: Target.sessions(LoginSession.objects), r"LoginSession\.objects\.all\(\)"),
    (lambda: Target.sessions(5), "several ids"),
    (lambda: Target.sessions(USER.objects.all()), r"write Target\.users\(queryset\)"),
    (lambda: Target.current(USER(pk=5)), "takes a request"),
    (lambda: Target.others(None), "takes a request"),
    (lambda: Target.credential(5, uuid4()), "takes a user"),
    (lambda: Target.credential(USER(pk=5), 5), "not int"),
    (lambda: end_sessions(USER(pk=5)), r"Write Target\.user\(user\)"),
    (lambda: end_sessions(5), r"Target\.user\(user\), or another"),
    (lambda: end_sessions(USER), "not User|not [A-Z]"),
    (lambda: end_sessions(REQUEST), r"Write Target\.current\(request\)"),
    (lambda: end_sessions(USER.objects.all()), r"Write Target\.users\(queryset\)"),
    (lambda: end_sessions(LoginSession.objects.all()), r"Target\.sessions\(queryset\)"),
    (lambda: end_sessions(str(uuid4())), r"Write Target\.session\(session_id\)"),
    (lambda: end_sessions(Target.everyone(), reason=5), "reason takes a Reason"),
    (lambda: end_sessions(Target.everyone(), reason=gettext_lazy("Bye")), "reason takes"),
    (lambda: end_sessions(Target.everyone(), actor=5), "actor takes a user or None"),
    (lambda: end_sessions(Target.everyone(), actor=USER), "not the class"),
    (lambda: end_sessions(Target.everyone(), request={}), "request takes a request"),
    (lambda: end_sessions(Target.everyone(), progress=5), "progress takes a function"),
    (lambda: credentials_changed(5), "takes a user"),
    (lambda: storable(TokenUser), r'write @method_decorator\(storable, name="dispatch"\)'),
    (lambda: ends_sessions(TokenUser), "method_decorator"),
    (lambda: ends_sessions("leave"), "takes a view, not str"),
]


@pytest.mark.parametrize(("call", "says"), WRONG_TYPES, ids=range(len(WRONG_TYPES)))
def test_wrong_type(call: Any, says: str, user: Any) -> None:
    """It is a TypeError, and nothing ends."""
    browser = active_client(user)
    with pytest.raises(TypeError, match=says):
        call()
    assert not LogoutEvent.objects.exists()
    assert b"ann" in home_page(browser)


WRONG_VALUES = [
    (lambda: Target.user(AnonymousUser()), r"write Target\.current\(request\)"),
    (lambda: Target.session("nonsense"), "takes a UUID"),
    (lambda: Target.sessions(["nonsense"]), "takes a UUID"),
    (lambda: Target.credential(USER(pk=5), "nonsense"), "takes a UUID"),
    (lambda: end_sessions(Target.everyone(), reason="x" * 65), "1 to 64 characters"),
    (lambda: end_sessions(Target.everyone(), reason=""), "1 to 64 characters"),
    (lambda: end_sessions(Target.everyone(), reason="a\nb"), "printable"),
    (lambda: end_sessions(Target.everyone(), reason="a\x1b[31m"), "printable"),
    (lambda: credentials_changed(AnonymousUser()), "anonymous"),
]


@pytest.mark.parametrize(("call", "says"), WRONG_VALUES, ids=range(len(WRONG_VALUES)))
def test_wrong_value(call: Any, says: str) -> None:
    """It is a ValueError, and nothing ends."""
    with pytest.raises(ValueError, match=says):
        call()
    assert not LogoutEvent.objects.exists()


def test_session_key_is_not_in_the_message(user: Any) -> None:
    """It may reach a log."""
    key = "zyxwvutsrqponmlkjihgfedcba012345"
    with pytest.raises(ValueError, match="secret") as error:
        Target.session(key)
    assert key not in str(error.value)


def test_reason_of_the_change_of_an_account(user: Any) -> None:
    """The same holds there."""
    with pytest.raises(ValueError, match="64 characters"):
        credentials_changed(user, reason="x" * 65)


@pytest.mark.parametrize("reason", ["x" * 65, "a\x00b"])
async def test_reason_of_an_asynchronous_ending(reason: str) -> None:
    """It is refused as well."""
    with pytest.raises(ValueError, match="reason takes"):
        await aend_sessions(Target.everyone(), reason=reason)


@pytest.mark.parametrize(
    "wrap",
    [lambda user: user, lambda user: SimpleLazyObject(lambda: user)],
    ids=["row", "lazy"],
)
def test_users_as_projects_have_them(user: Any, wrap: Any) -> None:
    """Rows and lazy rows."""
    browser = logged_in(user)
    end_sessions(Target.user(wrap(user)), reason="closed", actor=wrap(user))
    assert home_page(browser) == b"user="


@pytest.mark.parametrize(
    ("found", "error"),
    [(lambda: None, TypeError), (lambda: Group(pk=1), TypeError), (AnonymousUser, ValueError)],
    ids=["none", "group", "anonymous"],
)
def test_lazy_value_that_turns_out_to_be_no_user(user: Any, found: Any, error: Any) -> None:
    """A group has the primary key of someone else."""
    browser = logged_in(user)
    with pytest.raises(error, match=r"Target\.user\(\) takes a user"):
        end_sessions(Target.user(SimpleLazyObject(found)))
    assert home_page(browser) == b"user=ann"


@pytest.mark.parametrize(
    "owner",
    [None, AnonymousUser(), SimpleLazyObject(AnonymousUser)],
    ids=["none", "anonymous", "lazy"],
)
def test_others_of_a_request_without_a_user(owner: Any) -> None:
    """A request has no user without the middleware, or before a login."""
    request = RequestFactory().get("/")
    if owner is not None:
        request.user = owner
    with pytest.raises(ValueError, match="user who is logged in"):
        end_sessions(Target.others(request))


@pytest.mark.parametrize("keep", ["cart", 5, iter(["cart"])], ids=["name", "number", "iterator"])
def test_what_to_keep_is_several_names(user: Any, keep: Any) -> None:
    """The letters of one name, or what can be read only once, would keep nothing."""
    request = RequestFactory().get("/")
    request.user, request.session = user, logged_in(user).session
    with pytest.raises(TypeError, match=r'Write keep=\("cart",\)'):
        logout(request, keep=keep)
    assert LoginSession.objects.get().ended_at is None


def test_user_of_a_token() -> None:
    """It has the primary key of a row."""
    assert Target.user(TokenUser()).owner.pk == 1


async def test_lazy_user_in_asynchronous_code(user: Any) -> None:
    """Nothing is loaded in the event loop."""
    browser = AsyncClient()
    await browser.aforce_login(user)
    lazy = SimpleLazyObject(lambda: USER.objects.get(username="ann"))
    assert (await aend_sessions(Target.user(lazy), reason="closed", actor=lazy)).ended


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Target.user, Reason.ENDED),
        (lambda user: Target.users(type(user).objects.all()), Reason.ENDED),
        (lambda user: Target.session(LoginSession.objects.get().pk), Reason.ENDED),
        (lambda user: Target.everyone(), Reason.CUTOFF),
    ],
    ids=["user", "users", "session", "everyone"],
)
def test_reason_of_a_background_task(user: Any, target: Any, reason: str) -> None:
    """No one reads "You logged out." who did not."""
    logged_in(user)
    result = end_sessions(target(user))
    assert result.reason == reason
    assert LogoutEvent.objects.get().reason == reason


@pytest.mark.parametrize(("own", "reason"), [(True, Reason.EVERYWHERE), (False, Reason.ENDED)])
def test_reason_of_an_ending_in_a_request(user: Any, other: Any, own: bool, reason: str) -> None:
    """It depends on whose sessions end."""
    request: Any = HttpRequest()
    request.user = user if own else other
    assert end_sessions(Target.user(user), request=request).reason == reason
