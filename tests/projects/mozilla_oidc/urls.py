"""The library's views, and a page with a button, beside the URLs of the test project."""

from typing import Any

from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django_otp import login as otp_login
from django_otp import match_token

from tests.projects.relying_party import urlpatterns as federation
from tests.urls import urlpatterns as ours

PAGE = """<form method="post" action="{% url 'oidc_logout' %}">{% csrf_token %}<button></form>"""


def page(request: Any) -> HttpResponse:
    """Return a page with the library's logout."""
    return HttpResponse(Template(PAGE).render(RequestContext(request)))


def provider_logout(request: Any) -> str:
    """Return the URL at which the provider logs out too."""
    from django.conf import settings

    return f"{settings.OIDC_OP_URL}/logout?post_logout_redirect_uri=http://testserver/"


def second_factor(request: Any) -> HttpResponse:
    """Take the user's second factor, as django-otp and django-two-factor-auth do."""
    device = match_token(request.user, request.GET["code"])
    if device is not None:
        otp_login(request, device)
    return HttpResponse(f"verified={request.user.is_verified()}")


urlpatterns = [
    path("second-factor/", second_factor),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("page/", page),
    *federation,
    *ours,
]
