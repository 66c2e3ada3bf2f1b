"""A site between two others: it logs in at a provider, and is itself one."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from django_logout.federation import links, metadata, sender
from tests.clients import BACKEND, logged_in_as
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.clients_toolkit.urls import urlpatterns as ours
from tests.projects.issuing import Receiver
from tests.projects.provider import CLIENT

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(request: HttpRequest, sid: str) -> HttpResponse:
    """Log in, as a library does whose provider has named the session."""
    login(request, get_user_model().objects.get(), BACKEND)
    links.record(request, "op", subject="1", sid=sid)
    return HttpResponse()


urlpatterns = [
    path("arrive/<sid>/", arrive),
    path("", include("django_logout.federation.urls")),
    *ours,
]


def test_what_the_provider_reports_is_reported_on(
    user: Any, op: Toolkit, receiver: Receiver, provider: Any, settings: Any
) -> None:
    """BCL-23: the applications of that session hear, and no others."""
    metadata._remembered.cache_clear()
    one = {"ISSUER": provider.url, "CLIENT_ID": CLIENT["client_id"], "ALLOW_PRIVATE": True}
    settings.LOGOUT = {**settings.LOGOUT, "PROVIDERS": {"op": one}}
    settings.ROOT_URLCONF = __name__
    tell(receiver, "shop")
    here, there = Client(), Client()
    sids = []
    for browser, sid in [(here, "A"), (there, "B")]:
        browser.get(f"/arrive/{sid}/")
        sids.append(op.read(op.log_in(browser)["id_token"])["sid"])

    form = urlencode({"logout_token": provider.logout_token(sid="A")})
    told = Client().post("/backchannel/", form, content_type="application/x-www-form-urlencoded")

    assert told.status_code == 200
    assert (logged_in_as(here), logged_in_as(there)) == ("", "ann")
    assert sender.deliver() == {"heard": 1}
    assert receiver.sids() == sids[:1]
