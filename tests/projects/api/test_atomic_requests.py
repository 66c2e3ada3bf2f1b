"""The API with ``ATOMIC_REQUESTS``: an error after the view rolls its transaction back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import path
from ninja import NinjaAPI
from ninja.security import django_auth
from rest_framework.authtoken.models import Token

from django_logout.contrib.ninja import logout_router
from django_logout.models import LogoutEvent
from tests.clients import logged_in_as
from tests.projects.api.urls import ByRow, urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)


def fails(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a view so that it fails after its work, as a project's decorator may."""

    def failing(request: Any, *args: Any, **kwargs: Any) -> Any:
        operation(request, *args, **kwargs)
        raise RuntimeError

    return failing


def api() -> NinjaAPI:
    """Return an API whose every view fails, with no handler for the error."""
    made = NinjaAPI(urls_namespace="atomic")
    made.add_decorator(fails, mode="view")
    made.add_router("", logout_router([django_auth, ByRow()], rate="1000/min"))
    return made


@pytest.fixture(autouse=True)
def atomic_requests(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Run each view in a transaction."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    settings.ROOT_URLCONF = (path("atomic/", api().urls), *urlpatterns)


def ask(url: str, key: str) -> int:
    """Post with a token, and return the status of the response."""
    how = {"headers": {"Authorization": f"Bearer {key}"}}
    return int(Client(raise_request_exception=False).post(url, **how).status_code)


@pytest.mark.parametrize("what", ["logout", "sessions/end-all"])
def test_logout_survives_rollback(ann: Client, user: Any, what: str) -> None:
    """The token is revoked, and "everywhere" ends the browser's session too."""
    token = Token.objects.create(user=user)
    assert ask(f"/atomic/{what}/", token.key) == 500
    assert not Token.objects.exists()
    assert logged_in_as(ann) == ("" if what == "sessions/end-all" else "ann")
    assert LogoutEvent.objects.count() == 1


def test_ending_a_chosen_session_survives_rollback(ann: Client, user: Any) -> None:
    """It is not the request's own session, so no later request would end it again."""
    token, session = Token.objects.create(user=user), user.login_sessions.get()
    assert ask(f"/atomic/sessions/{session.pk}/end/", token.key) == 500
    assert logged_in_as(ann) == ""
