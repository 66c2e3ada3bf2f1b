"""The toolbar's views, and a page for it to stand on, beside the URLs of the test project."""

from typing import Any

from django.http import HttpResponse
from django.urls import include, path

from tests.urls import urlpatterns as ours


def show_toolbar(request: Any) -> bool:
    """Show it to everyone."""
    return True


def page(request: Any) -> HttpResponse:
    """Return a page that has a body."""
    return HttpResponse(f"<!doctype html><body>user={request.user.get_username()}</body>")


urlpatterns = [path("page/", page), path("__debug__/", include("debug_toolbar.urls")), *ours]
