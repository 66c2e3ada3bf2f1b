"""Logins that belong to no session: of devices, and with offline access. They are told of when all of a user's end."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_logout import Target, end_sessions
from django_logout.federation import client_links, outbox, sender
from django_logout.federation.models import ClientLink, Delivery
from django_logout.models import CredentialBinding
from tests.clients import LOGOUT, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver
from tests.query_counts import cost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def device(op: Toolkit, user: Any, receiver: Receiver) -> ClientLink:
    """A login of a user without a session."""
    op.register("tv")
    tell(receiver, "tv")
    login = client_links.find_login("tv", user.pk, "")
    link = ClientLink(pk=login.key, user=user, client_id="tv", issuer="http://testserver/o")
    link.subject = str(user.pk)
    link.save()
    return link


@pytest.fixture(params=["client", "oauth_token", "oauth2_provider"])
def exempt(request: Any, settings: Any) -> None:
    """Such logins are kept."""
    settings.LOGOUT = {**settings.LOGOUT, "EXEMPT_CREDENTIALS": [request.param]}


@pytest.mark.parametrize("what", ["user", "users", "everyone"])
@pytest.mark.usefixtures("device")
def test_told_with_all_of_a_user(user: Any, receiver: Receiver, what: str) -> None:
    """Without the name of a session."""
    targets = {
        "user": Target.user(user),
        "users": Target.users(get_user_model().objects.all()),
        "everyone": Target.everyone(),
    }
    end_sessions(targets[what])
    sender.deliver()
    assert receiver.sids() == [None]


@pytest.mark.usefixtures("device")
def test_not_told_of_one_session(user: Any, receiver: Receiver) -> None:
    """It is not part of it."""
    logged_in(user).post(LOGOUT)
    assert sender.deliver() == {}


@pytest.mark.parametrize("what", ["user", "everyone"])
@pytest.mark.usefixtures("device", "exempt")
def test_told_only_when_asked(user: Any, receiver: Receiver, what: str) -> None:
    """Where the tokens of such logins are kept, so are the logins."""
    target = Target.user(user) if what == "user" else Target.everyone()
    end_sessions(target)
    sender.deliver()
    assert receiver.heard == []
    if what == "user":
        end_sessions(target.including_exempt())
        sender.deliver()
        assert receiver.sids() == [None]


@pytest.mark.usefixtures("device", "exempt")
def test_exempt_user_without_a_session_costs_nothing(user: Any) -> None:
    """There is nothing to look for."""
    with cost() as found:
        end_sessions(Target.user(user))
    assert not any("django_logout_federation" in sql for sql in found.statements)
    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("device")
def test_retried_sweep_tells_once(user: Any, receiver: Receiver) -> None:
    """Whatever dies in between, the rows are the same."""
    end_sessions(Target.everyone())
    (row,) = Delivery.objects.all()
    outbox.sweep(row)
    assert sender.deliver() == {"heard": 1}


def test_refreshed_token_without_rotation(op: Toolkit, user: Any, settings: Any) -> None:
    """The same refresh token names the same session each time."""
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "ROTATE_REFRESH_TOKEN": False}
    tokens = op.log_in(logged_in(user))
    sid = op.read(tokens["id_token"])["sid"]
    for _ in range(2):
        tokens = op.renew(tokens)
        assert op.read(tokens["id_token"])["sid"] == sid


def test_refresh_token_from_before(op: Toolkit, user: Any) -> None:
    """It was issued before this app was installed, so it names no session."""
    tokens = op.log_in(logged_in(user))
    CredentialBinding.objects.filter(kind=client_links.KIND).delete()
    assert "sid" not in op.read(op.renew(tokens)["id_token"])
    assert ClientLink.objects.filter(session=None).count() == 1
