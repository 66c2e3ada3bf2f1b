"""JSON web tokens where the library's blacklist app is not installed."""

from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework_simplejwt import serializers
from rest_framework_simplejwt.views import TokenBlacklistView

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.operations.checks.jwt import check_tokens
from django_logout.revokers.runner import credentials
from django_logout.sessions import token_logins
from tests.clients import LOGOUT
from tests.projects.jwt_client import Program
from tests.projects.jwt_unlisted.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)


def test_everywhere_revokes(user: Any, other: Any) -> None:
    """F30: access and refresh tokens, with and without a session; no other user's."""
    mine, issued, theirs = Program.log_in(), Program.issued_for(user), Program.log_in("bob")
    child = mine.exchange()
    assert credentials(user) == []
    result = end_sessions(Target.user(user))
    assert dict(result.ended) == {"simplejwt": 1}
    assert [each.refused() for each in (mine, child, issued)] == ["ended"] * 3
    assert theirs.exchange().works


def test_everyone_and_others_revoke(ann: Client, user: Any) -> None:
    """The browser's own tokens survive "the others"."""
    mine, another = Program.log_in(client=ann), Program.log_in()
    ann.post("/accounts/sessions/end-others/")
    assert (mine.exchange().works, another.works) == (True, False)
    end_sessions(Target.everyone())
    assert not mine.works


def test_token_of_browser_ends_with_its_session(ann: Client) -> None:
    """Also after a refresh."""
    program = Program.log_in(client=ann).exchange()
    assert ann.post(LOGOUT).status_code == 200
    assert program.refused() == "user"


def test_refresh_during_ending_is_refused(user: Any, monkeypatch: Any) -> None:
    """There is no list on which the new token could be blacklisted."""
    program, go_on = Program.log_in(), token_logins.extend_login

    def late(*args: Any) -> bool:
        end_sessions(Target.user(user))
        return go_on(*args)

    monkeypatch.setattr(token_logins, "extend_login", late)
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "ended")


def test_refresh_adopts_token_without_session(user: Any) -> None:
    """Its ``jti`` identifies it."""
    issued = Program.issued_for(user)
    children = [issued.exchange(), issued.exchange()]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert not any(child.works for child in children)


class StockBlacklistView(TokenBlacklistView):
    """A view that names its serializer itself."""

    serializer_class = serializers.TokenBlacklistSerializer


def test_check_names_stock_blacklist_view(user: Any, settings: Any) -> None:
    """It answers with success, and does nothing."""
    settings.ROOT_URLCONF = (path("back/", StockBlacklistView.as_view()), *urlpatterns)
    (found,) = check_tokens()
    assert (found.id, "StockBlacklistView" in found.msg) == ("django_logout.W075", True)
    program = Program.log_in()
    assert Client().post("/back/", {"refresh": program.refresh}).status_code == 200
    assert program.works
