"""What ends logins of applications by django-oauth-toolkit, and what does not."""

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
from tests.pages import LOGOUT, signed_in
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
    """Another browser of hers."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob(other: Any) -> Client:
    """Somebody else's."""
    client = Client()
    client.force_login(other)
    return client


def test_everywhere_ends_all_that_was_issued(ann: Client, elsewhere: Client, bob: Client) -> None:
    """F30: on every device; nobody else's."""
    mine, phone, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere, bob))
    code = approve(ann)
    user = ann.get("/").wsgi_request.user
    result = end_sessions(Target.user(user))
    assert dict(result.ended) == {"session": 2, "oauth_token": 2}
    assert [alive(tokens) for tokens in (mine, phone, theirs)] == [[], [], ALL]
    assert redeem(code).status_code == 400


def test_changed_password_ends_it(user: Any, ann: Client) -> None:
    """F30."""
    tokens = log_in(ann)
    user.set_password("new")
    user.save()
    assert alive(tokens) == []


def test_logging_out_here_ends_what_was_approved_here(
    ann: Client, elsewhere: Client, bob: Client
) -> None:
    """What came of the code, however often it was renewed since; a code that nobody has
    redeemed; and nothing that was approved elsewhere, by the same application."""
    mine, theirs, others = log_in(ann, scope="openid read"), log_in(elsewhere), log_in(bob)
    renewed = renew(renew(mine).json()).json()
    code = approve(ann)
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert redeem(code).status_code == 400
    assert "refresh_token" in alive(theirs)
    assert "refresh_token" in alive(others)


def test_a_used_refresh_token_does_not_bring_the_login_back(ann: Client) -> None:
    """F31: the client's last known token was rotated; its child ends with it."""
    tokens = log_in(ann)
    child = renew(tokens).json()
    ann.post(LOGOUT)
    assert [alive(found) for found in (tokens, child)] == [[], []]
    assert works(child["access_token"]) is False


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 implicit grant:DeprecationWarning")
@pytest.mark.parametrize("kind", ["token", "id_token"])
def test_given_away_in_the_browser_it_ends_with_the_session(
    ann: Client, elsewhere: Client, kind: str
) -> None:
    """Without a code: an access token, or an ID token (which lets in, too)."""
    how = {"kind": kind, "scope": "openid", "name": "Old page", "grant": "implicit"}
    mine, theirs = approve(ann, **how), approve(elsewhere, **how)
    assert works(mine)
    ann.post(LOGOUT)
    assert (works(mine), works(theirs)) == (False, True)


def test_what_may_go_on_without_the_user_goes_on(ann: Client, user: Any) -> None:
    """OpenID Connect: offline_access outlives the session; not everywhere."""
    tokens = log_in(ann, scope="read offline_access")
    ann.post(LOGOUT)
    tokens = renew(tokens).json()
    assert works(tokens["access_token"])
    end_sessions(Target.user(user))
    assert alive(tokens) == []


def test_the_others_end_without_those_of_this_session(ann: Client, elsewhere: Client) -> None:
    """What was approved here stays, ID token too."""
    mine, theirs = (log_in(client, scope="openid read") for client in (ann, elsewhere))
    ann.post("/accounts/sessions/end-others/")
    assert [alive(tokens) for tokens in (mine, theirs)] == [ALL, []]


def test_one_login_of_one_application(ann: Client, user: Any, other: Any) -> None:
    """By its id: all of it, renewed or not; the same application's other login stays, with its
    ID token."""
    mine = log_in(ann, scope="openid read")
    (found,) = credentials(user)
    second, third = log_in(ann, scope="openid read"), log_in(ann, name="Calendar")
    renewed = renew(mine).json()
    assert sorted(login.label for login in credentials(user)) == [
        "Calendar",
        "Photo printer",
        "Photo printer",
    ]
    assert found.id in {login.id for login in credentials(user)}  # renewed, it is the same
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    result = end_sessions(Target.credential(user, found.id))
    assert dict(result.ended) == {"oauth_token": 1}
    assert [alive(tokens) for tokens in (mine, renewed)] == [[], []]
    assert alive(second) == ALL
    assert alive(third, name="Calendar") == ["access_token", "refresh_token"]


def test_an_application_of_its_own_is_nobodys_login(user: Any) -> None:
    """Tokens of machines have no user; they end for no user's sake."""
    application("Robot", "client-credentials")
    token = ask("client_credentials", name="Robot").json()["access_token"]
    end_sessions(Target.everyone())
    assert get_access_token_model().objects.get().token == token


def test_everyone(ann: Client, bob: Client) -> None:
    """All users'."""
    tokens = [log_in(ann), log_in(bob)]
    assert end_sessions(Target.everyone()).ended["oauth_token"] == 2
    assert [alive(found) for found in tokens] == [[], []]


def test_listed_as_its_application_until_it_expires(
    ann: Client, user: Any, settings: Any, clock: Any
) -> None:
    """Since the first of its tokens; and the request is let in by what is listed."""
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


def test_an_id_token_is_no_login_of_its_own(ann: Client, user: Any) -> None:
    """It lets in, but to nothing that is listed."""
    tokens = log_in(ann, scope="openid")
    headers = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert Client().get("/api/oauth/", headers=headers).json()["credential"] is None


def test_its_own_page_to_log_out(ann: Client, elsewhere: Client) -> None:
    """It ends the session truly; a second one is told that there is nothing left."""
    mine = log_in(ann, scope="openid read")
    hint = {"id_token_hint": mine["id_token"], "client_id": "photo-printer"}
    answer = ann.post("/o/logout/", {**hint, "allow": "on"})
    assert answer.status_code == 302
    assert (signed_in(ann), alive(mine)) == ("", [])
    theirs = log_in(elsewhere, scope="openid read")
    elsewhere.post(LOGOUT)
    hint["id_token_hint"] = theirs["id_token"]
    assert elsewhere.post("/o/logout/", {**hint, "allow": "on"}).status_code == 400


def test_approved_while_the_session_ends(ann: Client, user: Any, elsewhere: Client) -> None:
    """The request is in flight; the session ends in the middle of it."""

    def end(sender: Any, **kwargs: Any) -> None:
        elsewhere.post("/accounts/sessions/end-others/")

    pre_save.connect(end, sender=get_grant_model())
    try:
        code = approve(ann)
    finally:
        pre_save.disconnect(end, sender=get_grant_model())
    assert redeem(code).status_code == 400


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 resource owner:DeprecationWarning")
def test_a_program_that_logs_in_with_the_password(user: Any) -> None:
    """It is tied to nothing, and ends everywhere."""
    application("Old app", "password")
    answer = ask("password", name="Old app", username="ann", password="pw")
    assert answer.status_code == 200
    end_sessions(Target.user(user))
    assert alive(answer.json(), name="Old app") == []


def test_tokens_that_the_site_makes_itself(user: Any) -> None:
    """In a script, or of a fixture that is half loaded; and from before there were families."""
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


def test_the_project_hears_of_what_is_deleted(ann: Client, user: Any) -> None:
    """If it listens, Django deletes, and tells."""
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
def test_an_endpoint_that_takes_json(ann: Client, settings: Any) -> None:
    """What is had for a code is tied as well."""
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
def test_a_device_that_has_not_come_for_its_token(
    user: Any, ann: Client, settings: Any, approved: bool
) -> None:
    """Everywhere includes it; a browser's logout does not, since it is another device."""
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
    """What every revoker keeps."""

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
