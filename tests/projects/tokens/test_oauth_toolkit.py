"""What revokes tokens of django-oauth-toolkit, and what does not."""

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.signals import post_delete, pre_save
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_device_grant_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from django_logout import Target, end_sessions
from django_logout.revokers.oauth_toolkit import OauthToolkitRevoker
from django_logout.revokers.runner import credentials
from django_logout.testing import RevokerContract
from tests.clients import LOGOUT, logged_in_as
from tests.projects.oauth_client import (
    CALLBACK,
    DEVICE,
    SECRET,
    alive,
    application,
    approve,
    ask,
    log_in,
    redeem,
    renew,
    works,
)

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ["access_token", "id_token", "refresh_token"]


@pytest.fixture
def elsewhere(user: Any) -> Client:
    """Return another browser of the same user."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob(other: Any) -> Client:
    """Return another user's browser."""
    client = Client()
    client.force_login(other)
    return client


def test_everywhere_revokes(ann: Client, elsewhere: Client, bob: Client) -> None:
    """F30: on every device; no other user's."""
    mine, phone, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere, bob))
    code = approve(ann)
    user = ann.get("/").wsgi_request.user
    result = end_sessions(Target.user(user))
    assert dict(result.ended) == {"session": 2, "oauth_token": 2}
    assert [alive(tokens) for tokens in (mine, phone, theirs)] == [[], [], ALL]
    assert redeem(code).status_code == 400


def test_password_change_revokes(user: Any, ann: Client) -> None:
    """F30."""
    tokens = log_in(ann)
    user.set_password("new")
    user.save()
    assert alive(tokens) == []


def test_logout_revokes_what_was_approved_in_session(
    ann: Client, elsewhere: Client, bob: Client
) -> None:
    """The code that was not redeemed, and all tokens that came of it, however often they were
    refreshed. What was approved elsewhere for the same application still works."""
    mine, theirs, others = log_in(ann, scope="openid read"), log_in(elsewhere), log_in(bob)
    renewed = renew(renew(mine).json()).json()
    code = approve(ann)
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert redeem(code).status_code == 400
    assert "refresh_token" in alive(theirs)
    assert "refresh_token" in alive(others)


def test_rotated_refresh_token_stays_revoked(ann: Client) -> None:
    """F31: the client's last known token was rotated; the newer one is revoked with it."""
    tokens = log_in(ann)
    child = renew(tokens).json()
    ann.post(LOGOUT)
    assert [alive(found) for found in (tokens, child)] == [[], []]
    assert works(child["access_token"]) is False


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 implicit grant:DeprecationWarning")
@pytest.mark.parametrize("kind", ["token", "id_token"])
def test_implicit_grant_ends_with_session(ann: Client, elsewhere: Client, kind: str) -> None:
    """Without a code: an access token, or an ID token, which authenticates too."""
    how = {"kind": kind, "scope": "openid", "name": "Old page", "grant": "implicit"}
    mine, theirs = approve(ann, **how), approve(elsewhere, **how)
    assert works(mine)
    ann.post(LOGOUT)
    assert (works(mine), works(theirs)) == (False, True)


def test_offline_access_survives_logout(ann: Client, user: Any) -> None:
    """OpenID Connect's ``offline_access`` outlives the session, but not "everywhere"."""
    tokens = log_in(ann, scope="read offline_access")
    ann.post(LOGOUT)
    tokens = renew(tokens).json()
    assert works(tokens["access_token"])
    end_sessions(Target.user(user))
    assert alive(tokens) == []


def test_end_others_spares_tokens_of_session(ann: Client, elsewhere: Client) -> None:
    """The ID token too."""
    mine, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere))
    ann.post("/accounts/sessions/end-others/")
    assert [alive(tokens) for tokens in (mine, theirs)] == [ALL, []]


def test_revoke_one_authorization_by_id(ann: Client, user: Any, other: Any) -> None:
    """All of its tokens, refreshed or not. The same application's other authorization stays, with
    its ID token."""
    mine = log_in(ann, scope="openid read")
    (found,) = credentials(user)
    second, third = log_in(ann, scope="openid read"), log_in(ann, name="Calendar")
    renewed = renew(mine).json()
    assert sorted(login.label for login in credentials(user)) == [
        "Calendar",
        "Photo printer",
        "Photo printer",
    ]
    assert found.id in {login.id for login in credentials(user)}  # A refresh keeps the id.
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    result = end_sessions(Target.credential(user, found.id))
    assert dict(result.ended) == {"oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert alive(second) == ALL
    assert alive(third, name="Calendar") == ["access_token", "refresh_token"]


def test_client_credentials_are_spared(user: Any) -> None:
    """Tokens of machines have no user."""
    application("Robot", "client-credentials")
    token = ask("client_credentials", name="Robot").json()["access_token"]
    end_sessions(Target.everyone())
    assert get_access_token_model().objects.get().token == token


def test_everyone_revokes(ann: Client, bob: Client) -> None:
    """The tokens of all users."""
    tokens = [log_in(ann), log_in(bob)]
    assert end_sessions(Target.everyone()).ended["oauth_token"] == 2
    assert [alive(found) for found in tokens] == [[], []]


def test_authorization_is_listed_until_it_expires(
    ann: Client, user: Any, settings: Any, clock: Any
) -> None:
    """Since its first token; a request names the entry that authenticated it."""
    tokens = log_in(ann)
    begun = timezone.now()
    clock.shift(60)
    tokens = renew(tokens).json()
    (found,) = credentials(user)
    answer = Client().get(
        "/api/oauth/", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert answer.json()["credential"] == str(found.id)
    assert (found.label, found.expires_at) == ("Photo printer", None)
    assert (found.created_at, found.last_used_at) == (begun, begun + timedelta(seconds=60))
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "REFRESH_TOKEN_EXPIRE_SECONDS": 3600}
    (found,) = credentials(user)
    assert found.expires_at == timezone.now() + timedelta(seconds=36000 + 3600)
    clock.shift(36000 + 3600)
    assert (credentials(user), end_sessions(Target.user(user)).exempt) == ([], {})


def test_id_token_is_not_listed(ann: Client, user: Any) -> None:
    """It authenticates, but is no entry of the list."""
    tokens = log_in(ann, scope="openid")
    headers = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert Client().get("/api/oauth/", headers=headers).json()["credential"] is None


def test_rp_initiated_logout_page(ann: Client, elsewhere: Client) -> None:
    """It ends the session. A second request is told that there is none."""
    mine = log_in(ann, scope="openid read")
    hint = {"id_token_hint": mine["id_token"], "client_id": "photo-printer"}
    answer = ann.post("/o/logout/", {**hint, "allow": "on"})
    assert answer.status_code == 302
    assert (logged_in_as(ann), alive(mine)) == ("", [])
    theirs = log_in(elsewhere, scope="openid read")
    elsewhere.post(LOGOUT)
    hint["id_token_hint"] = theirs["id_token"]
    assert elsewhere.post("/o/logout/", {**hint, "allow": "on"}).status_code == 400


def test_approval_during_ending_is_revoked(ann: Client, user: Any, elsewhere: Client) -> None:
    """The session ends in the middle of the request."""

    def end(sender: Any, **kwargs: Any) -> None:
        elsewhere.post("/accounts/sessions/end-others/")

    pre_save.connect(end, sender=get_grant_model())
    try:
        code = approve(ann)
    finally:
        pre_save.disconnect(end, sender=get_grant_model())
    assert redeem(code).status_code == 400


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 resource owner:DeprecationWarning")
def test_password_grant_ends_everywhere(user: Any) -> None:
    """It belongs to no session."""
    application("Old app", "password")
    answer = ask("password", name="Old app", username="ann", password="pw")
    assert answer.status_code == 200
    end_sessions(Target.user(user))
    assert alive(answer.json(), name="Old app") == []


def test_tokens_made_by_project_code(user: Any) -> None:
    """In a script, by a half-loaded fixture, or before token families existed."""
    about = {"user": user, "application": application(), "expires": timezone.now()}
    later = {**about, "expires": timezone.now() + timedelta(1)}
    access = get_access_token_model().objects.create(token="a", **later)
    get_access_token_model().objects.create(token="expired", **about)
    about.pop("expires")
    get_refresh_token_model().objects.create(token="b", access_token=access, **about)
    get_refresh_token_model().objects.create(token="d", **about)
    for model in (get_grant_model(), get_id_token_model(), get_refresh_token_model()):
        more = {} if model is get_refresh_token_model() else {"expires": later["expires"]}
        model(**about, **more, pk=99, created=timezone.now(), updated=timezone.now()).save_base(
            raw=True
        )
    (found,) = credentials(user)
    end_sessions(Target.credential(user, found.id))
    assert credentials(user) == []
    assert [row.token for row in get_access_token_model().objects.all()] == ["expired"]
    end_sessions(Target.user(user))
    assert not get_access_token_model().objects.exists()
    assert not get_refresh_token_model().objects.exists()


def test_delete_signals_are_sent(ann: Client, user: Any) -> None:
    """Where the project listens, Django deletes row by row."""
    tokens, heard = log_in(ann), []

    def hear(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append(instance)

    post_delete.connect(hear, sender=get_access_token_model())
    try:
        end_sessions(Target.user(user))
    finally:
        post_delete.disconnect(hear, sender=get_access_token_model())
    assert (alive(tokens), len(heard)) == ([], 1)


@pytest.mark.filterwarnings("ignore:JSONOAuthLibCore:DeprecationWarning")
def test_json_token_endpoint(ann: Client, settings: Any) -> None:
    """A token for a code is bound to the session as well."""
    code = approve(ann)
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_BACKEND_CLASS": "oauth2_provider.oauth2_backends.JSONOAuthLibCore",
    }
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    about = {"client_id": "photo-printer", "client_secret": SECRET}
    answer = Client().post("/o/token/", {**body, **about}, content_type="application/json")
    assert works(answer.json()["access_token"])
    ann.post(LOGOUT)
    assert not works(answer.json()["access_token"])
    upload = Client().post("/api/oauth/make/", {"file": StringIO("a page of the site's own")})
    assert upload.status_code == 200


@pytest.mark.parametrize("approved", [True, False])
def test_device_grant_ends_everywhere(
    user: Any, ann: Client, settings: Any, approved: bool
) -> None:
    """A browser's logout spares it, because it is another device."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OAUTH2_VALIDATOR_CLASS": "tests.projects.oauth_client.DeviceValidator",
    }
    device = get_device_grant_model().objects.create(
        user=user,
        device_code="device",
        user_code="1234",
        client_id=application("Television", DEVICE).client_id,
        scope="read",
        expires=timezone.now() + timedelta(hours=1),
        status="authorized" if approved else "authorization-pending",
    )
    ann.post(LOGOUT)
    if approved:
        tokens = ask(DEVICE, name="Television", device_code="device").json()
        assert works(tokens["access_token"])
        (found,) = credentials(user)
        end_sessions(Target.credential(user, found.id))
        assert alive(tokens, name="Television") == []
    else:
        end_sessions(Target.user(user))
    assert not type(device).objects.exists()


class TestContract(RevokerContract):
    """The contract of every revoker."""

    revoker = OauthToolkitRevoker

    def make(self, user: Any) -> dict[str, str]:
        browser = Client()
        browser.force_login(user)
        return log_in(browser, scope="openid offline_access")

    def make_in_session(self, client: Client) -> dict[str, str]:
        return log_in(client, scope="openid")

    def make_many(self, user: Any, number: int) -> None:
        about = {"user": user, "application": application()}
        now = timezone.now()
        access = get_access_token_model().objects.bulk_create(
            get_access_token_model()(**about, token=str(n), token_checksum=str(n), expires=now)
            for n in range(number)
        )
        model = get_refresh_token_model()
        model.objects.bulk_create(
            model(**about, token="t", token_checksum=n, access_token=token, token_family=uuid4())
            for n, token in enumerate(access)
        )

    def works(self, credential: dict[str, str]) -> bool:
        found = works(credential["access_token"])
        assert works(credential["id_token"]) is found
        return found

    def secrets(self, credential: dict[str, str]) -> list[str]:
        return [credential[name] for name in ("access_token", "refresh_token", "id_token")]


def test_token_of_a_registered_client_is_no_login(ann: Client, user: Any, settings: Any) -> None:
    """It manages the client (RFC 7592), whatever becomes of the session that registered it."""
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "DCR_ENABLED": True}
    wanted = {"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code"]}
    made = ann.post("/o/register/", wanted, content_type="application/json").json()
    url = made["registration_client_uri"]
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}
    assert Client().get(url, headers=headers).status_code == 200
    assert credentials(user) == []

    ann.post(LOGOUT)
    assert Client().get(url, headers=headers).status_code == 200
    end_sessions(Target.user(user))
    end_sessions(Target.everyone())
    assert Client().get(url, headers=headers).status_code == 200
