"""Static files of the package, whose URLs a strict manifest may not know yet."""

from typing import Any
from unittest import mock

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from django_logout.utils import static
from tests.clients import LOGOUT, Page

pytestmark = pytest.mark.django_db


def test_static_file_without_url_is_logged_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each page would say it otherwise."""
    static._log_once.cache_clear()
    monkeypatch.setattr(staticfiles_storage, "url", mock.Mock(side_effect=ValueError))
    for _ in range(3):
        page = client.get(LOGOUT)
    assert len([line for line in caplog.records if "logout.css has no URL" in line.message]) == 1
    assert "/static/django_logout/logout.css" in [link["href"] for link in Page(page).all("link")]


def test_url_of_a_site_that_has_no_static_url(settings: Any) -> None:
    """Such as one that is an API only."""
    settings.STATIC_URL = None
    assert static.static_url("django_logout/logout.css") == "/static/django_logout/logout.css"
