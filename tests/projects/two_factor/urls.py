"""The library's pages, and one for sessions with a second factor, beside the URLs of the test
project."""

from typing import Any

from django.http import HttpResponse
from django.urls import include, path
from django_otp.decorators import otp_required
from two_factor.urls import urlpatterns as two_factor

from tests.urls import urlpatterns as ours


@otp_required
def vault(request: Any) -> HttpResponse:
    """For users who have proved their second factor."""
    return HttpResponse("vault")


urlpatterns = [path("", include((two_factor[0], two_factor[1]))), path("vault/", vault), *ours]
