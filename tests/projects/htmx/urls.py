"""A page with a part and a button, beside the URLs of the test project."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import path

from tests.urls import urlpatterns as ours

PAGE = """<!doctype html><body hx-headers='{"X-CSRFToken": "{{ csrf_token }}"}'>
<button hx-post="{% url 'logout' %}">Log out</button><div hx-get="/part/" hx-trigger="every 60s">"""


def page(request: Any) -> HttpResponse:
    """Return the page around the parts."""
    return HttpResponse(Template(PAGE).render(RequestContext(request)))


@login_required
def part(request: Any) -> HttpResponse:
    """Return a part, to htmx alone."""
    return HttpResponse(f"part={request.user.get_username()}" if request.htmx else "")


urlpatterns = [path("page/", page), path("part/", part), *ours]
