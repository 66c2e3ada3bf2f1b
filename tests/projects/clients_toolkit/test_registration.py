"""Which applications are told: the settings, the rows, the admin, and the checks."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.test import Client

from django_logout.admin import LogoutEventAdmin
from django_logout.federation import application_checks, applications, libraries
from django_logout.federation.admin import extend_admin
from django_logout.federation.applications import Registration
from django_logout.federation.models import ClientLink, LogoutClient
from tests.clients import logged_in
from tests.projects.clients_toolkit.toolkit import Toolkit

pytestmark = pytest.mark.django_db(transaction=True)
URI = "https://shop.example/backchannel"


def ids(found: Any) -> list[str]:
    """Return the ids of checks, without the prefix."""
    return [each.id.removeprefix("django_logout.") for each in found]


def set_clients(settings: Any, **clients: Any) -> None:
    """Configure applications."""
    settings.LOGOUT = {**settings.LOGOUT, "CLIENTS": clients}


def test_settings_before_rows(settings: Any) -> None:
    """An inactive row counts for nothing."""
    LogoutClient.objects.create(client_id="a", backchannel_logout_uri=URI, session_required=True)
    LogoutClient.objects.create(client_id="b", backchannel_logout_uri=URI, is_active=False)
    LogoutClient.objects.create(client_id="c", backchannel_logout_uri=f"{URI}/row")
    set_clients(settings, c={"BACKCHANNEL_LOGOUT_URI": f"{URI}/fixed", "SESSION_REQUIRED": True})
    assert applications.find_registrations("abcd") == {
        "a": Registration(URI, True),
        "c": Registration(f"{URI}/fixed", True),
    }
    assert applications.find_registrations(["c"]) == {"c": Registration(f"{URI}/fixed", True)}


def test_links_of_registered_applications(settings: Any, user: Any, op: Toolkit) -> None:
    """With whether they need the name of each session."""
    here = logged_in(user)
    for name in "abcd":
        op.log_in(here, name)
    LogoutClient.objects.create(client_id="a", backchannel_logout_uri=URI, session_required=True)
    LogoutClient.objects.create(client_id="b", backchannel_logout_uri=URI)
    set_clients(settings, c={"BACKCHANNEL_LOGOUT_URI": URI, "SESSION_REQUIRED": True})
    links = applications.registered_only(ClientLink.objects.all()).order_by("client_id")
    found = [(link.client_id, link.session_required) for link in links]
    assert found == [("a", True), ("b", False), ("c", True)]


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/backchannel",
        "shop.example/backchannel",
        "https:///backchannel",
        "https://shop.example/#part",
        "https://shop.example/#",
        "https://user@shop.example/",
        "https://shop.example:port/",
        "https://shop.example/\r\nHost: other",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "http://shop.example/",
    ],
)
def test_uris_are_checked_like_redirect_uris(uri: str, settings: Any) -> None:
    """Absolute, of HTTPS, without a fragment, and without credentials."""
    settings.LOGOUT = {}
    with pytest.raises(ValidationError):
        applications.validate_logout_uri(uri)


def test_plain_http_is_for_trusted_networks(settings: Any) -> None:
    """They are named, or this is development."""
    applications.validate_logout_uri("http://127.0.0.1:8000/backchannel?a=b")
    settings.LOGOUT, settings.DEBUG = {}, True
    applications.validate_logout_uri("http://shop:8000/")
    assert applications.trusted_networks() is True


def test_admin_registers_applications(op: Toolkit) -> None:
    """What it refuses is not stored."""
    get_user_model().objects.create_superuser("boss", "", "pw")
    boss = Client()
    boss.login(username="boss", password="pw")
    op.register("shop")
    url = "/admin/django_logout_federation/logoutclient/add/"
    good = {"client_id": "shop", "backchannel_logout_uri": URI, "is_active": "on"}
    for wrong in ({"client_id": "other"}, {"backchannel_logout_uri": "//x"}, {"client_id": ""}):
        page = boss.post(url, {**good, **wrong})
        assert b"errorlist" in page.content
    assert not LogoutClient.objects.exists()
    assert boss.post(url, {**good, "backchannel_logout_uri": ""}).status_code == 200
    assert boss.post(url, good).status_code == 302
    assert boss.get(url.removesuffix("add/")).status_code == 200
    assert str(LogoutClient.objects.get()) == "shop"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"BACKCHANNEL_LOGOUT_URI": URI, "SESSION_REQUIRED": True}, []),
        ({"BACKCHANNEL_LOGOUT_URI": URI, "SESSION_REQUIERD": True}, ["E121"]),
        ({"BACKCHANNEL_LOGOUT_URI": URI, "colour": "red"}, ["E121"]),
        ({"BACKCHANNEL_LOGOUT_URI": True}, ["E125", "E122"]),
        ({"BACKCHANNEL_LOGOUT_URI": URI, "SESSION_REQUIRED": "yes"}, ["E125"]),
        ({"BACKCHANNEL_LOGOUT_URI": "ftp://shop.example"}, ["E122"]),
        ({}, ["E122"]),
    ],
)
def test_checks_of_an_application(settings: Any, keys: Any, expected: list[str]) -> None:
    """What is misspelt or of a wrong type is named."""
    set_clients(settings, shop=keys)
    found = application_checks.security_checks()
    assert ids(found) == expected
    assert all("shop" in each.msg for each in found)


def test_check_of_the_networks(settings: Any) -> None:
    """Before anything is made of them."""
    settings.LOGOUT = {"CLIENT_NETWORKS": ["10.0.0.0/8", "10.0.0.1/8"], "CLIENTS": {"a": {}}}
    assert ids(application_checks.security_checks()) == ["E120"]
    settings.LOGOUT = {"CLIENT_NETWORKS": "10.0.0.0/8"}
    assert application_checks.security_checks() == []  # E032 says it.
    settings.LOGOUT = {"CLIENTS": ["shop"]}
    assert application_checks.security_checks() == []


def test_application_that_learns_of_nothing_is_named(settings: Any, monkeypatch: Any) -> None:
    """There is a URI, and no login is recorded."""
    own = {"OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"}
    set_clients(settings, shop={"BACKCHANNEL_LOGOUT_URI": URI})
    LogoutClient.objects.create(client_id="news", backchannel_logout_uri=URI)
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **own}
    (found,) = application_checks.security_checks()
    assert found.id == "django_logout.W124"
    assert "shop" in found.msg
    assert "contrib.oauth_toolkit.Validator" in found.hint
    (found,) = application_checks.deploy_checks()
    assert "news" in found.msg
    monkeypatch.setattr(libraries, "installed", list)
    (found,) = application_checks.deploy_checks()
    assert "Install django-oauth-toolkit" in found.hint


def test_registration_of_no_application(settings: Any, op: Toolkit, monkeypatch: Any) -> None:
    """Only a check with --deploy asks the database."""
    op.register("shop")
    set_clients(
        settings, shop={"BACKCHANNEL_LOGOUT_URI": URI}, lost={"BACKCHANNEL_LOGOUT_URI": URI}
    )
    LogoutClient.objects.create(client_id="gone", backchannel_logout_uri=URI)
    assert application_checks.security_checks() == []
    found = application_checks.deploy_checks()
    assert ids(found) == ["W123", "W123"]
    assert [each.msg.split()[0] for each in found] == ["'gone'", "'lost'"]

    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(applications, "active_rows", fail)
    assert application_checks.deploy_checks() == []


def test_nothing_is_published_without_the_validator(settings: Any) -> None:
    """The provider would claim what it does not do."""
    own = {"OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **own}
    document = Client().get(Toolkit.discovery_url).json()
    assert "backchannel_logout_supported" not in document
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ENABLED": False}
    assert Client().get(Toolkit.discovery_url).status_code == 404


def test_title_of_an_application(op: Toolkit) -> None:
    """A deleted one is named by its id."""
    op.register("shop")
    found = libraries.find_applications(["shop", "gone"])
    assert libraries.title_of("shop", found) == "Shop"
    assert libraries.title_of("gone", found) == "gone"


def test_login_that_asks_for_no_id_token(op: Toolkit, user: Any) -> None:
    """It is no login of OpenID Connect, and nothing is recorded."""
    answer = op.redeem(op.authorize(logged_in(user), scope="read")["code"])
    assert "id_token" not in answer.json()
    assert not ClientLink.objects.exists()


def test_how_a_link_is_shown(op: Toolkit, user: Any) -> None:
    """By the application and the user, and not by the name of the session."""
    op.log_in(logged_in(user))
    assert str(ClientLink.objects.get()) == f"shop: {user.pk}"


def test_admin_is_extended_once() -> None:
    """However often the apps are made ready."""
    inlines = LogoutEventAdmin.inlines
    extend_admin()
    assert LogoutEventAdmin.inlines == inlines
