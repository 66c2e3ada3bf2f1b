"""The car site's URLs where it is an OpenID provider, and pages that connect a user to other sites."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model
from rest_framework.authtoken.models import Token

from django_logout import Target, end_sessions
from django_logout.contrib.oauth_toolkit import RPInitiatedLogoutView
from django_logout.federation import client_links, links, rp_initiated
from django_logout.federation.models import Delivery, ProviderLink
from django_logout.models import LoginSession
from tests.e2e.urls import devices
from tests.e2e.urls import urlpatterns as car_site


def connect(request: HttpRequest, provider: str) -> HttpResponse:
    """Say that the user's session was logged in at a provider, and has logged in to applications."""
    user: Any = request.user
    links.record(request, provider, subject=user.get_username())
    for name in settings.APPLICATIONS:
        _application(name)
        session_id = client_links.current_session_id(user.pk)
        login = client_links.ClientLogin(name, user.pk, session_id, f"sid of {name}")
        client_links.record(login, "")
    return HttpResponse("done")


def tokens(request: HttpRequest) -> HttpResponse:
    """Give the customer devices, logins of apps and an API key. Some sessions were logged in at a
    provider, and one that has ended was logged in to applications."""
    devices(request)
    user, now = get_user_model().objects.get(username="customer"), timezone.now()
    access = get_access_token_model().objects
    access.all().delete()
    for days, name in enumerate(("Spare parts", "Spare parts", "Rally club")):
        access.create(
            user=user,
            application=_application(name),
            token=f"{name} {days}",
            expires=now + timedelta(days=1 + days),
        )
    Token.objects.get_or_create(user=user)
    active = LoginSession.objects.filter(user=user, ended_at__isnull=True)
    for row in active.exclude(device__startswith="Edge").filter(kind="session"):
        ProviderLink.objects.create(
            session=row, provider="choice", issuer="https://id.example", subject="customer"
        )
    row = LoginSession.objects.create(
        user=user, device="Chrome on Linux", expires_at=now + timedelta(days=1)
    )
    for name in settings.APPLICATIONS:
        login = client_links.ClientLogin(name, user.pk, row.pk, f"sid of {name}")
        client_links.record(login, "")
    end_sessions(Target.session(row.pk), reason="admin")
    return settle(request)


def settle(request: HttpRequest) -> HttpResponse:
    """Tell the applications of logouts."""
    for name, state in settings.APPLICATIONS.items():
        Delivery.objects.filter(client_id=name).update(
            state=state, tries=3, last_status={"heard": 200, "failed": 400}.get(state)
        )
    return HttpResponse("done")


def returned(request: HttpRequest) -> HttpResponse:
    """Come back from the provider."""
    response = redirect("/signed-out/?state=known")
    kept = {"state": "known", "provider": "Keycloak", "next": ""}
    rp_initiated.STATE.keep(request, response, kept)
    return response


def _application(name: str) -> Any:
    about = {
        "name": name,
        "client_type": "confidential",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": "https://app.example/",
        "post_logout_redirect_uris": "https://app.example/",
        "algorithm": "RS256",
    }
    return get_application_model().objects.get_or_create(client_id=name, defaults=about)[0]


urlpatterns = [
    path("trial/connect/<provider>/", connect),
    path("trial/tokens/", tokens),
    path("trial/settle/", settle),
    path("trial/returned/", returned),
    path("o/logout/", RPInitiatedLogoutView.as_view()),
    path("o/", include("oauth2_provider.urls")),
    path("", include("django_logout.federation.urls")),
    *car_site,
]
