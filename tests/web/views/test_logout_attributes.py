"""Every attribute of Django's view means what it means there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse_lazy

from django_logout.views import LogoutView
from tests.clients import LOGOUT, Page, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("next_page", ["/private/", "private", reverse_lazy("private")])
def test_next_page(ann: Client, settings: Any, next_page: Any) -> None:
    """A URL, a name or a lazy one, as in Django's."""
    settings.ROOT_URLCONF = routes(LogoutView.as_view(next_page=next_page))

    assert ann.post(OUT)["Location"] == "/private/"


def test_what_the_user_asked_for_goes_before_next_page(ann: Client, settings: Any) -> None:
    """In the body before the query."""
    settings.ROOT_URLCONF = routes(LogoutView.as_view(next_page="/quiet/"))

    assert ann.post(OUT + "?next=/write/")["Location"] == "/write/"
    assert ann.post(OUT + "?next=/write/", {"next": "/private/"})["Location"] == "/private/"


def test_a_refused_next_goes_to_the_default(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And into the log."""
    settings.LOGOUT_REDIRECT_URL = "home"

    assert ann.post(LOGOUT, {"next": "//evil.example/"})["Location"] == "/"
    assert "evil.example" in caplog.text
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize(
    ("configured", "expected"), [("/private/", "/private/"), ("private", "/private/")]
)
def test_logout_redirect_url(ann: Client, settings: Any, configured: str, expected: str) -> None:
    """A URL or a name."""
    settings.LOGOUT_REDIRECT_URL = configured

    assert ann.post(LOGOUT)["Location"] == expected


def test_a_redirect_to_itself_is_the_goodbye_page(ann: Client) -> None:
    """Never a redirect that would only ask again."""
    response = ann.post(LOGOUT, {"next": LOGOUT})

    assert response.status_code == 200
    assert "You have been logged out." in Page(response).text


def test_redirect_field_name(ann: Client, settings: Any) -> None:
    """The project's own name, on the question page too."""
    settings.ROOT_URLCONF = routes(LogoutView.as_view(redirect_field_name="to"))

    assert Page(ann.get(OUT + "?to=/private/")).field("to") == "/private/"
    assert ann.post(OUT, {"to": "/private/", "next": "/quiet/"})["Location"] == "/private/"


def test_success_url_allowed_hosts(ann: Client, settings: Any) -> None:
    """Other hosts of the project's."""
    view = LogoutView.as_view(success_url_allowed_hosts={"shop.example"})
    settings.ROOT_URLCONF = routes(view)

    url = "https://shop.example/bye/"
    assert ann.post(OUT, {"next": url})["Location"] == url
    assert ann.post(OUT, {"next": "https://other.example/"}).status_code == 200


def test_template_name_and_extra_context(ann: Client, settings: Any) -> None:
    """A template of the project's, with what it gives to it."""
    view = LogoutView.as_view(template_name="bye.html", extra_context={"title": "Bye"})
    settings.ROOT_URLCONF = routes(view)
    settings.TEMPLATES = inline(**{"bye.html": "{{ title }} from {{ site_name }}{{ user.pk }}"})

    assert ann.post(OUT).content == b"Bye from testserverNone"


def test_question_template_name_and_extra_context(ann: Client, settings: Any) -> None:
    """The question can be replaced as well, and keeps its title where none is given."""
    settings.TEMPLATES = inline(**{"ask.html": "{{ title }} {{ x }} {{ next_field }}={{ next }}"})
    view = LogoutView.as_view(question_template_name="ask.html", extra_context={"x": "really?"})
    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT + "?next=/a/").content == b"Log out really? next=/a/"


def test_a_template_that_does_not_exist_is_logged_and_replaced(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that cannot be rendered does not undo the logout, and the user is told."""
    settings.ROOT_URLCONF = routes(LogoutView.as_view(template_name="missing.html"))

    assert "You have been logged out" in Page(ann.post(OUT)).text
    assert "missing.html" in caplog.text
    assert logged_in_as(ann) == ""


def inline(**templates: str) -> list[dict[str, Any]]:
    """Template settings in which these are found first."""
    processors = ["django.contrib.auth.context_processors.auth"]
    loaders = [
        ("django.template.loaders.locmem.Loader", templates),
        "django.template.loaders.app_directories.Loader",
    ]
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": loaders, "context_processors": processors},
        }
    ]
