"""The test site's URLs with a view of the test's own in front, for ``settings.ROOT_URLCONF``."""

from typing import Any

from django.urls import path

from tests.urls import urlpatterns

OUT = "/out/"


def routes(view: Any, *more: Any) -> tuple[Any, ...]:
    """Serve a view at ``/out/`` (name ``out``), then further patterns, then the site."""
    return (path("out/", view, name="out"), *more, *urlpatterns)
