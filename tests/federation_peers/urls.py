"""The libraries' views, ours, and a page with the buttons."""

from typing import Any

from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django_pyoidc.helper import OIDCHelper

from tests.federation_peers import by_hand
from tests.urls import urlpatterns as ours

PAGE = """<form method="post" action="{% url 'social:begin' 'oidc' %}">{% csrf_token %}<button>Log in</button></form>
{% load logout %}{% logout_button %}"""


def page(request: Any) -> HttpResponse:
    """Return a page with the login of social-auth and our logout."""
    return HttpResponse(Template(PAGE).render(RequestContext(request)))


urlpatterns = [
    path("", include("django_logout.federation.urls")),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("allauth/", include("allauth.urls")),
    path("social/", include("social_django.urls")),
    path("authlib/login/", by_hand.authlib_login),
    path("authlib/callback/", by_hand.authlib_callback),
    *OIDCHelper(op_name="op").get_urlpatterns(),
    path("page/", page),
    *ours,
]
