"""Tests by the fixtures of pytest-django, and by factories."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from django_logout.models import LoginSession
from tests.projects.own_tests import views
from tests.projects.own_tests.factories import OrderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["in a transaction", "with real transactions"], autouse=True)
def database(request: pytest.FixtureRequest) -> None:
    """Run each test with both fixtures of the database."""
    request.getfixturevalue("db" if request.param.startswith("in") else "transactional_db")


def test_fixtures(client: Client, admin_client: Client, django_user_model: Any) -> None:
    """A guest, and a superuser."""
    assert client.get("/").content == b"Hello guest"
    assert admin_client.get("/").content == b"Hello admin"
    user = django_user_model.objects.create_user("ann")
    client.force_login(user)
    assert client.get("/").content == b"Hello ann"
    admin_client.post("/accounts/logout/")
    assert admin_client.get("/").content == b"Hello guest"
    assert client.get("/").content == b"Hello ann"


async def test_async_client(async_client: AsyncClient) -> None:
    """In an asynchronous test."""
    assert (await async_client.get("/async/")).content == b"Hello guest"


def test_request_factory(rf: Any, admin_user: User) -> None:
    """A request without a session."""
    request = rf.post("/", {"item": "lamp"})
    request.user = admin_user
    assert views.order(request).content == b"ordered"


def test_factories(client: Client) -> None:
    """A factory saves its user twice, before and after the password; no session ends of it."""
    user: Any = UserFactory()
    client.force_login(user)
    OrderFactory(user=user)
    assert client.get("/").content.decode() == f"Hello {user.username}"
    assert LoginSession.objects.filter(ended_at=None).count() == 1
    other: Any = OrderFactory()
    assert client.login(username=other.user.username, password="pw")
    assert client.get("/").content.decode() == f"Hello {other.user.username}"


def test_queries(client: Client, django_assert_max_num_queries: Any, settings: Any) -> None:
    """A page of a logged-in user costs no more than Django's own: the session, and the user."""
    user: Any = UserFactory()
    client.force_login(user)
    client.get("/async/")
    with django_assert_max_num_queries(2):
        client.get("/async/")
