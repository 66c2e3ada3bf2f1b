"""The pages of the package in the admin, and in themes for it: accessible, and no wider than needed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.e2e import admin_pages
from tests.e2e.conftest import Open, Variant, assert_accessible, assert_fits
from tests.example_site import environment, fill, serving

#: Django's admin and its themes have faults of their own; only our parts are looked at.
OURS = (
    ".django-logout-chart",
    ".django-logout-outcomes",
    ".django-logout-chosen",
    ".django-logout-title",
    ".django-logout-link:not(.closelink)",
    ".django-logout-button",
)
#: How far a button is from the link after it.
GAP = "b => b.nextElementSibling.getBoundingClientRect().left - b.getBoundingClientRect().right"
Themed = Callable[[str], str]


@pytest.fixture(scope="module")
def themed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Themed]:
    """Origins of the site with each theme."""
    origins: dict[str, str] = {}
    with ExitStack() as stack:

        def origin(theme: str) -> str:
            services.need("oauth2_provider", "rest_framework", *filter(None, [theme]))
            if theme not in origins:
                env = environment(
                    tmp_path_factory.mktemp("admin"),
                    DJANGO_SETTINGS_MODULE="tests.e2e.settings_theme",
                    ADMIN_THEME=theme,
                )
                fill(env)
                origins[theme] = stack.enter_context(serving(env))
            return origins[theme]

        yield origin


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["", "unfold", "jazzmin"], ids=["django", "unfold", "jazzmin"])
@pytest.mark.parametrize("look", admin_pages.ALL, ids=lambda look: look.__name__)
@pytest.mark.lacks(firefox="a look of its own at these pages")
def test_admin_pages_are_accessible(
    open_page: Open, themed: Themed, theme: str, look: Callable[..., Page], scheme: str
) -> None:
    """As far as a machine can tell. The chart is as wide as its page, each question has a title, and
    what is pressed or filled in is told apart."""
    if look is admin_pages.logout and theme == "unfold":
        pytest.skip("unfold has an admin site of its own, whose logout does not ask")
    port = urlsplit(themed(theme)).port

    def opens(path: str, *, name: str = "www", user: str = "customer") -> Page:
        base = f"http://{name}.localhost:{port}"
        return open_page(path, base_url=base, user=user, color_scheme=scheme)

    page = look(opens)

    within = [part for part in OURS if page.locator(part).count()]
    if within:
        assert_accessible(page, within=within)
    if look in (admin_pages.question, admin_pages.logout):
        expect(page.get_by_role("heading").filter(has_text="Log out").first).to_be_visible()
    for field in page.locator("#logoutclient_form .vTextField").all():
        assert "solid" in field.evaluate("field => getComputedStyle(field).border")
    for button in page.locator(".django-logout-button:has(+ .closelink)").all():
        assert button.evaluate(GAP) >= 8
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 720})
        for chart in page.locator(".django-logout-chart").all():
            box = chart.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            drawing = chart.locator("> svg").bounding_box()
            assert drawing
            for heading in page.locator("#content h1, .content-header h3").all():
                title = heading.bounding_box()
                assert title
                assert abs(drawing["x"] - title["x"]) < 2
        questions = (admin_pages.question, admin_pages.logout)
        if look is admin_pages.ending or (not theme and look in questions):
            assert_fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", [admin_pages.ending_told, admin_pages.session_at_provider])
@pytest.mark.lacks(firefox="a look of its own at these pages")
def test_other_sites_in_the_admin(
    open_page: Open, variant: Variant, look: Callable[..., Page], scheme: str
) -> None:
    """Accessible tables, in which nothing is said twice; an address reads from left to right."""

    def opens(path: str, *, name: str, user: str) -> Page:
        base = variant("http", name)
        # The tables of Django's admin have styles in themselves.
        options = {"color_scheme": scheme, "locale": "ar", "bypass_csp": True}
        return open_page(path, base_url=base, user=user, **options)

    page = look(opens)
    table = "#deliveries-group, #provider_links-group"
    assert_accessible(page, within=[table], without=["empty-table-header"])  # Django's own
    expect(page.locator(f":is({table}) .original p").first).to_be_hidden()
    for address in page.get_by_text("203.0.113.x").all():
        assert address.evaluate("part => getComputedStyle(part).direction") == "ltr"
