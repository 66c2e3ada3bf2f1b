"""Applications that register themselves say where they hear of logouts, and where users come back to."""

from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import get_application_model

from django_logout.federation import applications
from django_logout.federation.applications import Registration
from django_logout.federation.models import LogoutClient
from tests.projects.issuing import CALLBACK

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/o/register/"
URI = "https://shop.example/backchannel"
ABOUT = {
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": ["https://shop.example/bye"],
    "backchannel_logout_uri": URI,
    "backchannel_logout_session_required": True,
}


@pytest.fixture(autouse=True)
def open_to_all(settings: Any) -> None:
    """Let anyone register."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }


def send(method: str = "post", url: str = URL, token: str = "", **metadata: Any) -> Any:
    """Send what an application says of itself."""
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {token}"}
    return getattr(client, method)(url, metadata, "application/json", headers=headers)


def registered() -> dict[str, Registration]:
    """Return which applications hear, by their ids."""
    ids = get_application_model().objects.values_list("client_id", flat=True)
    return applications.find_registrations(list(ids))


def test_registration() -> None:
    """It is taken, and said again in the answer."""
    answer = send(**ABOUT)
    assert answer.status_code == 201, answer.content
    assert ABOUT.items() <= answer.json().items()
    assert registered() == {answer.json()["client_id"]: Registration(URI, True)}
    row = get_application_model().objects.get()
    assert row.post_logout_redirect_uris == "https://shop.example/bye"


def test_registration_without_logouts() -> None:
    """It is what the library makes of it."""
    answer = send(redirect_uris=[CALLBACK])
    assert answer.status_code == 201
    assert not answer.json().keys() & {*ABOUT} - {"redirect_uris"}
    assert registered() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"backchannel_logout_uri": "http://[::1"},
        {"backchannel_logout_uri": "https://shop.example/#part"},
        {"backchannel_logout_uri": ["https://shop.example/"]},
        {"backchannel_logout_uri": ""},
        {"backchannel_logout_uri": f"https://shop.example/{'x' * 500}"},
        {"backchannel_logout_session_required": "yes"},
        {"post_logout_redirect_uris": "https://shop.example/bye"},
        {"post_logout_redirect_uris": [1]},
        {"redirect_uris": "x"},
    ],
)
def test_what_is_wrong_registers_nothing(wrong: dict[str, Any]) -> None:
    """Neither the application."""
    answer = send(**{**ABOUT, **wrong})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert not get_application_model().objects.exists()
    assert not LogoutClient.objects.exists()


def test_changes() -> None:
    """An application replaces what it has said, and withdraws it."""
    made = send(**ABOUT).json()
    url, token = f"{URL}{made['client_id']}/", made["registration_access_token"]
    assert ABOUT.items() <= send("get", url, token).json().items()
    changed = send("put", url, token, redirect_uris=[CALLBACK], backchannel_logout_uri=f"{URI}/2")
    assert changed.json()["backchannel_logout_session_required"] is False
    assert registered() == {made["client_id"]: Registration(f"{URI}/2", False)}
    token = changed.json()["registration_access_token"]
    token = send("put", url, token, redirect_uris=[CALLBACK]).json()["registration_access_token"]
    assert registered() == {}
    token = send("put", url, token, **ABOUT).json()["registration_access_token"]
    assert send("delete", url, token).status_code == 204
    assert not LogoutClient.objects.exists()


def test_what_is_switched_off_stays_off() -> None:
    """An application does not undo what an administrator has done."""
    made = send(**ABOUT).json()
    LogoutClient.objects.update(is_active=False)
    url, token = f"{URL}{made['client_id']}/", made["registration_access_token"]
    token = send("put", url, token, redirect_uris=[CALLBACK]).json()["registration_access_token"]
    assert send("put", url, token, **ABOUT).status_code == 200
    assert registered() == {}
