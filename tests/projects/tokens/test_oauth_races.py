"""F31: OAuth tokens that an application obtains while its user logs out.

The project ``row_locks`` runs these tests again, on a server that locks rows.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.test import Client
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator

from django_logout import Target, end_sessions
from tests.clients import LOGOUT
from tests.projects.oauth_client import alive, approve, log_in, redeem, renew

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], Any]


class Validator(OAuth2Validator):
    """A validator of a slow site: others act between the check of a token and the lock on its
    row."""

    meanwhile: ClassVar[list[Act]] = []

    def save_bearer_token(self, *args: Any, **kwargs: Any) -> Any:
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().save_bearer_token(*args, **kwargs)


@pytest.fixture(params=["everywhere", "here"])
def end(request: Any, user: Any, ann: Client) -> Act:
    """Return how the user logs out."""
    ann.raise_request_exception = False  # It would raise another thread's error.
    if request.param == "here":
        return lambda: ann.post(LOGOUT)
    return lambda: end_sessions(Target.user(user))


@pytest.fixture
def slowly(settings: Any) -> Iterator[Callable[[Act], None]]:
    """Return how to set what happens in the middle of the next request to the token endpoint."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
    }
    yield Validator.meanwhile.append
    Validator.meanwhile.clear()


def nothing_left() -> bool:
    """Return whether no token is left that works or can be refreshed."""
    return not (
        get_access_token_model().objects.exists() or get_refresh_token_model().objects.exists()
    )


@pytest.mark.parametrize("rotate", [True, False])
def test_refresh_during_logout(
    ann: Client, end: Act, slowly: Any, settings: Any, rotate: bool
) -> None:
    """F31: the refresh token is read before the ending and locked after it."""
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "ROTATE_REFRESH_TOKEN": rotate}
    tokens = log_in(ann)
    slowly(end)
    assert renew(tokens).status_code >= 400
    assert nothing_left()


def test_refresh_in_grace_period_during_logout(
    ann: Client, end: Act, slowly: Any, settings: Any
) -> None:
    """F31: the client repeats a refresh whose response it did not receive."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 120,
    }
    tokens = log_in(ann)
    child = renew(tokens).json()
    slowly(end)
    assert renew(tokens).status_code >= 400
    assert nothing_left()
    assert alive(child) == []


def test_code_redeemed_during_logout(ann: Client, end: Act, slowly: Any) -> None:
    """The response is OAuth's, and no token is left."""
    code = approve(ann, scope="openid read")
    slowly(end)
    answer = redeem(code)
    assert (answer.status_code, answer.content) == (400, b'{"error": "invalid_grant"}')
    assert nothing_left()
