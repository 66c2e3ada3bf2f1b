"""How the pages look and behave: accessible, in two languages, on any screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open, assert_accessible, assert_fits, is_logged_in

PAGES = (
    "/",
    "/cars/add/",
    "/ways/function/",
    "/ways/json/",
    "/ways/explain/",
    "/accounts/logout/",
    "/accounts/sessions/",
    "/accounts/login/",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(open_page: Open, scheme: str) -> None:
    """WCAG 2.2 AA as far as a machine can tell, contrast in both schemes included."""
    page = open_page(user="customer", color_scheme=scheme)
    for path in PAGES:
        page.goto(path)
        assert_accessible(page)
    page.goto("/ways/goodbye/")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("/logout/goodbye/")
    assert_accessible(page)
    page.goto("/accounts/logout/")
    assert_accessible(page)


def test_pages_fit_narrow_screens(open_page: Open) -> None:
    """320 pixels, no sideways scrolling, in the longer language."""
    narrow = {"width": 320, "height": 640}
    page = open_page(user="customer", viewport=narrow, locale="pt-BR")
    page.get_by_role("button", name="Adicionar ao carrinho").last.click()
    for path in PAGES:
        page.goto(path)
        assert_fits(page)


def test_dark_scheme_is_dark(open_page: Open) -> None:
    """The site's pages and the package's own follow the system."""
    for path in ("/", "/accounts/logout/"):
        light, dark = (open_page(path, color_scheme=scheme) for scheme in ("light", "dark"))
        brightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
        assert dark.evaluate(brightness) < 64 < 192 < light.evaluate(brightness)


@pytest.mark.parametrize(
    ("language", "code", "button", "said"),
    [
        ("Deutsch", "de", "Abmelden", "Sie wurden abgemeldet."),
        ("Español", "es", "Cerrar sesión", "Ha cerrado sesión."),
        ("Français", "fr", "Se déconnecter", "Vous avez été déconnecté."),
        ("Português Brasileiro", "pt-br", "Sair", "Você saiu."),
        ("العربيّة", "ar", "تسجيل الخروج", "تم تسجيل خروجك."),
    ],
)
def test_speaks_the_languages_of_the_package(
    open_page: Open, language: str, code: str, button: str, said: str
) -> None:
    """For those who choose one, and for browsers that prefer it; Arabic from right to left."""
    page = open_page(user="customer", viewport={"width": 320, "height": 640})
    page.get_by_role("button", name=language).click()
    html = page.locator("html")
    expect(html).to_have_attribute("lang", code)
    expect(html).to_have_css("direction", "rtl" if code == "ar" else "ltr")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("banner").get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_have_text(said)
    page = open_page("/accounts/logout/", user="customer", locale=code)
    expect(page.get_by_role("main").get_by_role("button")).to_have_text(button)


@pytest.mark.smoke
def test_keyboard_is_enough(open_page: Open) -> None:
    """Tab to the button, see where it is, Enter."""
    page = open_page(user="customer")
    button = page.get_by_role("button", name=re.compile("^Log out"))
    for _ in range(10):
        page.keyboard.press("Tab")
        focus = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert focus == "solid", "focus cannot be seen"
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("You have been logged out.")
    assert not is_logged_in(page)
