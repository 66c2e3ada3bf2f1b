"""The library's views, and a page with a button, beside the URLs of the test project."""

from typing import Any

from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

from tests.projects.relying_party import urlpatterns as federation
from tests.urls import urlpatterns as ours

PAGE = """<form method="post" action="{% url 'social:begin' 'oidc' %}">{% csrf_token %}<button></form>
{% load logout %}{% logout_button %}"""


def page(request: Any) -> HttpResponse:
    """Return a page with the library's login and our logout."""
    return HttpResponse(Template(PAGE).render(RequestContext(request)))


urlpatterns = [
    path("social/", include("social_django.urls")),
    path("page/", page),
    *federation,
    *ours,
]
