"""The logout of allauth.headless, which leads on to the provider of the login.

The URLs stand before those of allauth, which they replace in part::

    path("_allauth/", include("django_logout.contrib.headless_urls")),
    path("_allauth/", include("allauth.headless.urls")),
"""

from typing import Any

from allauth.headless import app_settings
from allauth.headless.account import views
from allauth.headless.constants import Client
from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_logout.responses.json import add_members
from django_logout.web.destinations import find_destination


class SessionView(views.SessionView):
    """allauth's view of the session. Its logout says where the client goes to log out there, too."""

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log out. ``redirect_to`` in the response is the provider's logout page."""
        leaving = find_destination(request)
        response: HttpResponse = super().delete(request, *args, **kwargs)
        if leaving is not None and not request.user.is_authenticated:
            about = {"redirect_to": leaving.url, "detail": leaving.warning}
            add_members(response, {name: value for name, value in about.items() if value})
            leaving.keep(request, response)
        return response


urlpatterns = [
    path(f"{client}/v1/auth/session", SessionView.as_api_view(client=client))
    for client in (Client.BROWSER.value, Client.APP.value)
    if client in app_settings.CLIENTS
]
