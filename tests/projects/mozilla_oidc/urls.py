"""The library's views, and a page with a button, beside the URLs of the test project."""

from typing import Any

from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

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


urlpatterns = [
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("page/", page),
    *federation,
    *ours,
]
