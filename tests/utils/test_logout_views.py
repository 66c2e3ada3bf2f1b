"""Which views log out, told by their names."""

from typing import Any

import pytest
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse

from django_logout.utils.logout_views import is_logout_view
from django_logout.views import LogoutView, ends_sessions


def page(request: HttpRequest) -> HttpResponse:
    """Show a page."""
    return HttpResponse()


@pytest.mark.parametrize(
    ("view", "logs_out"),
    [
        (LogoutView.as_view(), True),
        (auth_views.LogoutView.as_view(), True),
        (ends_sessions(page), True),
        (auth_views.LoginView.as_view(), False),
        (page, False),
        (None, False),
    ],
    ids=["ours", "Django's", "decorated", "login", "page", "none"],
)
def test_what_logs_out(view: Any, logs_out: bool) -> None:
    """A provider is not asked again whether a login stands that is about to end."""
    assert is_logout_view(view) is logs_out
