"""Editors log in and out."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from wagtail.models import Locale, Page

from django_logout import Reason
from django_logout.models import LoginSession
from tests.clients import copy_of
from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """An editor, and the pages that Wagtail's migrations make."""
    ContentType.objects.clear_cache()  # Tests before this one have flushed its table.
    Locale.objects.get_or_create(language_code="en")
    Page.add_root(title="Root", slug="root")
    return django_user_model.objects.create_superuser("ann", password="pw")


class TestWagtail(Journeys):
    """By the form of ``/cms/login/`` and the one in the sidebar."""

    def log_in(self, visitor: Visitor) -> None:
        """By Wagtail's form."""
        visitor.visit("/cms/")
        assert visitor.url.startswith("http://testserver/cms/login/")
        visitor.submit(username="ann", password="pw")
        assert visitor.url == "http://testserver/cms/"

    def log_out(self, visitor: Visitor) -> None:
        """By a POST, as the button of the sidebar sends it."""
        visitor.visit("/cms/")
        visitor.post("/cms/logout/")


def test_an_old_link_to_the_logout_ends_the_session(user: Any) -> None:
    """Wagtail answers 405, withdraws the cookie and says that the editor is logged out."""
    editor = Client()
    editor.force_login(user)
    assert editor.get("/cms/").status_code == 200
    copied = copy_of(editor)
    assert editor.get("/cms/logout/").status_code == 405
    assert copied.get("/cms/")["Location"].startswith("/cms/login/")
    assert LoginSession.objects.get().event.reason == Reason.FLUSHED
