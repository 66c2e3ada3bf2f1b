"""F24: with no redirect configured the goodbye page was the admin's, or a 500 where it is not
installed."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.clients import LOGOUT, Page, logged_in_as

pytestmark = pytest.mark.django_db


def templates(*, admin_first: bool = False, **own: str) -> list[dict[str, Any]]:
    """Template settings with the project's own templates, and those of the apps."""
    mine: Any = ("django.template.loaders.locmem.Loader", own)
    apps: Any = "django.template.loaders.app_directories.Loader"
    options = {"loaders": [apps, mine] if admin_first else [mine, apps]}
    backend = "django.template.backends.django.DjangoTemplates"
    return [{"BACKEND": backend, "OPTIONS": options}]


@pytest.mark.parametrize("url", [None, ""])
def test_without_the_admin_and_without_a_redirect(ann: Client, settings: Any, url: Any) -> None:
    """A goodbye of our own, not TemplateDoesNotExist."""
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if "admin" not in app]
    settings.ROOT_URLCONF = "tests.races.no_admin_urls"
    settings.LOGOUT_REDIRECT_URL = url

    response = ann.post(LOGOUT)

    assert response.status_code == 200
    assert "You have been logged out." in Page(response).text
    assert logged_in_as(ann) == ""


def test_the_admins_goodbye_is_never_shown(ann: Client) -> None:
    """Even if it is found first: "quality time with the web site" is not for shoppers."""
    response = ann.post(LOGOUT)

    assert "quality time" not in Page(response).text
    assert "registration/logged_out.html" not in [t.name for t in response.templates]


def test_a_goodbye_of_the_projects_own_goes_before_ours(ann: Client, settings: Any) -> None:
    """Under the name that Django gave it."""
    settings.TEMPLATES = templates(**{"registration/logged_out.html": "So long, {{ title }}."})

    assert ann.post(LOGOUT).content == b"So long, Logged out."


def test_admin_template_hides_the_projects_if_it_is_found_first(ann: Client, settings: Any) -> None:
    """As for Django itself: the order of the apps decides. Then it is ours, not the admin's."""
    own = {"registration/logged_out.html": "So long."}
    settings.TEMPLATES = templates(admin_first=True, **own)

    assert "You have been logged out." in Page(ann.post(LOGOUT)).text


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("site-packages/theme/templates", "You have been logged out."),
        ("site-packages/tests/templates", "So long."),
        ("theme/templates", "So long."),
    ],
)
def test_goodbye_of_an_admin_theme_is_not_the_projects(
    ann: Client, settings: Any, tmp_path: Path, folder: str, text: str
) -> None:
    """A theme is a library with templates for the admin. A project may have such templates too,
    and may be installed as a library: its URLs are in the same package."""
    root = tmp_path / folder
    (root / "admin").mkdir(parents=True)
    (root / "registration").mkdir()
    (root / "registration/logged_out.html").write_text("So long.")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [root]}]

    assert text in ann.post(LOGOUT).content.decode()


def test_our_template_can_be_replaced_by_its_name(ann: Client, settings: Any) -> None:
    """Like any other."""
    settings.TEMPLATES = templates(**{"django_logout/logged_out.html": "Gone."})

    assert ann.post(LOGOUT).content == b"Gone."
