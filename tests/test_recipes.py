"""The recipes of docs/look.md, which are templates of the example: each frame has the package's pages."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.urls import include, path

from django_logout.responses.pages import render_page
from tests import services, views
from tests.example_site import EXAMPLE, RECIPES
from tests.urls import urlpatterns as site
from tests.waiting import PATIENCE

#: What no other frame has.
MARKS = {
    "admin": 'id="site-name"',
    "allauth": "<strong>Menu:</strong>",
    "bootstrap": 'class="navbar-brand"',
    "cars": 'class="brand"',
    "pico": 'href="/static/pico/pico.min.css"',
    "tailwind": 'href="/static/recipe/tailwind.css"',
}

#: What the frame of the car site leads to.
urlpatterns = [
    path("", views.home, name="cars_list"),
    path("cars/add/", views.private, name="cars_add"),
    path("i18n/", include("django.conf.urls.i18n")),
    *site,
]


def _wear(recipe: str, settings: Any) -> None:
    (engine,) = settings.TEMPLATES
    folders: list[Path] = [EXAMPLE / "recipes" / recipe / "templates"]
    if recipe == "allauth":
        import allauth

        folders.append(Path(allauth.__file__).parent / "templates")
    if recipe == "cars":
        settings.ROOT_URLCONF = __name__
        folders.append(EXAMPLE / "templates")
    settings.TEMPLATES = [{**engine, "DIRS": [*folders, *engine["DIRS"]]}]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_pages_wear_the_frame(recipe: str, settings: Any, client: Any, user: Any) -> None:
    """The sessions page, once, with its title, the script and the stylesheet."""
    if recipe == "allauth":
        services.need("allauth")
    _wear(recipe, settings)
    client.force_login(user)

    page = client.get("/accounts/sessions/").content.decode()

    assert MARKS[recipe] in page
    assert page.count("<h1") == 1
    assert "Your sessions" in page.partition("</title>")[0]
    assert "django_logout/logout.css" in page
    assert "data-logout=" in page


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_frame_needs_no_request(recipe: str, settings: Any) -> None:
    """Two pages have none, since they may be shown while the session is down."""
    if recipe == "allauth":
        services.need("allauth")
    _wear(recipe, settings)

    page = render_page("django_logout/not_ended.html", {"retry_url": "/again/"})

    assert MARKS[recipe] in page
    assert 'href="/again/"' in page


@pytest.mark.needs("npm")
def test_the_stylesheet_of_tailwind_is_current() -> None:
    """It has the classes of the templates: write it anew by ``npm run tailwind``."""
    command = ["node", EXAMPLE / "recipes" / "tailwind" / "build.mjs", "--check"]
    subprocess.run(command, check=True, timeout=PATIENCE, cwd=EXAMPLE.parent)
