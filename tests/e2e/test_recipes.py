"""The recipes of docs/look.md: the pages of the package in the frames of others."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.e2e import pages
from tests.e2e.conftest import Open, assert_accessible, assert_fits
from tests.e2e.navigation import end
from tests.e2e.script import SHOW_DIALOG
from tests.example_site import RECIPES, environment, fill, serving

#: What others' frames lack, and a recipe cannot mend.
FAULTS = {"allauth": ["html-has-lang", "landmark-one-main", "region", "target-size"]}
LOOKS = (pages.end_session, pages.goodbye, pages.choose, pages.many_sessions)
#: Whether all of the dialog can be seen, and does not fill the screen, as frameworks may have it.
IN_VIEW = """
() => {
  const { left, right, top, bottom, height } =
    document.querySelector("dialog[open]").getBoundingClientRect();
  return left >= 0 && right <= innerWidth && top > 0 && bottom < innerHeight && height < 0.75 * innerHeight;
}
"""
Worn = Callable[[str], str]


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worn]:
    """Origins of the site with each recipe."""
    origins: dict[str, str] = {}
    with ExitStack() as stack:

        def origin(recipe: str) -> str:
            services.need("npm", *(["allauth"] if recipe == "allauth" else []))
            if recipe not in origins:
                env = environment(
                    tmp_path_factory.mktemp(recipe),
                    DJANGO_SETTINGS_MODULE="tests.e2e.settings_by_host",
                    RECIPE=recipe,
                )
                fill(env)
                origins[recipe] = stack.enter_context(serving(env))
            return origins[recipe]

        yield origin


def _opens(open_page: Open, origin: str, **options: object) -> pages.Opens:
    def opens(path: str, *, name: str = "www", user: str = "customer") -> Page:
        host = "localhost" if name == "www" else f"{name}.localhost"
        base = f"http://{host}:{urlsplit(origin).port}"
        return open_page(path, base_url=base, user=user, **options)

    return opens


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_pages_are_accessible_in_a_recipe(
    open_page: Open, worn: Worn, recipe: str, scheme: str
) -> None:
    """The pages, and the dialogs of the script, at any width."""
    opens = _opens(open_page, worn(recipe), color_scheme=scheme)

    for look in LOOKS:
        page = look(opens)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert_accessible(page, without=FAULTS.get(recipe, []))
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 720})
            assert_fits(page)

    page = pages.question(opens)
    for dialog in ("out", "ended", "other", "warning", "final", "waiting", "unknown"):
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 720})
            page.evaluate(SHOW_DIALOG, dialog)
            assert page.evaluate(IN_VIEW), dialog
        assert_accessible(page, without=FAULTS.get(recipe, []))


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_actions_work_in_a_recipe(open_page: Open, worn: Worn, recipe: str) -> None:
    """A session is ended, the others too, with a message each time; then this one, by the button of
    the page."""
    page = pages.many_sessions(_opens(open_page, worn(recipe)))

    page.get_by_role("link", name="End the session on Safari on iPhone").click()
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_text("iPhone").first).to_be_visible()
    page.get_by_role("link", name="End all other sessions").click()
    page.get_by_role("button", name="End all of them").click()
    expect(page.get_by_text("Only this device")).to_be_visible()
    page.get_by_role("region", name="This device").get_by_role("button", name="Log out").click()

    expect(page.get_by_role("link", name="Log in").first).to_be_visible()
    page.goto("/cars/add/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_ending_elsewhere_is_noticed_in_a_recipe(
    open_page: Open, worn: Worn, recipe: str
) -> None:
    """The script is on the pages: nothing of them is to be seen below its dialog."""
    page = _opens(open_page, worn(recipe))("/accounts/sessions/")
    end(page, "admin")

    page.wait_for_timeout(2200)  # Firefox comes back to a page when that was loaded
    page.evaluate("dispatchEvent(new Event('focus'))")

    expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text("Your session has ended")
    expect(page.get_by_text("You are logged in as")).to_be_hidden()
