"""Applications that register themselves say where they hear of logouts."""

from typing import Any

import pytest
from allauth.idp.oidc.models import Client as Application
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from django_logout.federation import applications
from django_logout.federation.applications import Registration
from django_logout.federation.models import LogoutClient
from tests.projects.issuing import CALLBACK

pytestmark = pytest.mark.django_db(transaction=True)
URI = "https://shop.example/backchannel"


@pytest.fixture(autouse=True)
def open_to_all(settings: Any) -> None:
    """Let anyone register, as often as a test does."""
    settings.IDP_OIDC_DCR_REQUIRES_INITIAL_ACCESS_TOKEN = False
    settings.IDP_OIDC_RATE_LIMITS = {"client_registration": "100/m/ip"}
    cache.clear()


def send(**metadata: Any) -> Any:
    """Send what an application says of itself."""
    about = {"redirect_uris": [CALLBACK], **metadata}
    url = reverse("idp:oidc:client_registration")
    return Client(enforce_csrf_checks=True).post(url, about, "application/json")


def test_registration() -> None:
    """Where it hears is stored here, and where users come back to by the library."""
    bye = "https://shop.example/bye"
    answer = send(
        backchannel_logout_uri=URI,
        backchannel_logout_session_required=True,
        post_logout_redirect_uris=[bye],
    )
    assert answer.status_code == 201, answer.content
    row = Application.objects.get()
    assert applications.find_registrations([row.pk]) == {row.pk: Registration(URI, True)}
    assert row.get_post_logout_redirect_uris() == [bye]


def test_registration_without_logouts() -> None:
    """It is what the library makes of it."""
    assert send().status_code == 201
    assert not LogoutClient.objects.exists()


@pytest.mark.parametrize("uri", ["https://shop.example/#part", 1, f"{URI}/{'x' * 500}"])
def test_what_is_wrong_registers_nothing(uri: Any) -> None:
    """Neither the application."""
    answer = send(backchannel_logout_uri=uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert not Application.objects.exists()
    assert not LogoutClient.objects.exists()
