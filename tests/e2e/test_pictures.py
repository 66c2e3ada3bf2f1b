"""The pictures of README and docs/. ``make pictures`` takes them anew, by ``--pictures``; without it,
what can be read in each is compared with what could be when it was taken."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page

from tests.e2e import pages
from tests.e2e.conftest import Open
from tests.e2e.script import SHOW_DIALOG
from tests.example_site import environment, fill, serving

HERE = Path(__file__).resolve().parent
IMAGES = HERE.parents[1] / "docs" / "images"
#: What can be read in each picture.
TEXTS = HERE / "pictures"
#: What changes from day to day.
DATES = re.compile(r"\b(Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec)[a-z]*\.?")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
WIDE, PHONE = {"width": 1280, "height": 720}, {"width": 375, "height": 720}

pytestmark = pytest.mark.lacks(firefox="the fonts of the pictures, which Chromium takes")
Take = Callable[..., Page]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a site of its own: what other tests have done would be in the pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings_by_host")
    fill(env)
    with serving(env) as origin:
        found = urlsplit(origin).port
        assert found
        yield found


@pytest.fixture
def take(open_page: Open, port: int, pytestconfig: pytest.Config) -> Take:
    """Open a page, and compare it with its picture or take that."""

    def taken(
        picture: str,
        look: Callable[[pages.Opens], Page],
        part: Callable[[Page], Locator] = lambda page: page.get_by_role("main"),
        *,
        whole: bool = True,
        **options: Any,
    ) -> Page:
        def opens(path: str, *, name: str = "patient", user: str = "customer") -> Page:
            base = f"http://{name}.localhost:{port}"
            settings = {"viewport": WIDE, "user_agent": CHROME, **options}
            return open_page(path, base_url=base, user=user, **settings)

        page = look(opens)
        text, image = TEXTS / f"{picture}.txt", IMAGES / f"{picture}.png"
        read = _normalize(part(page).aria_snapshot())
        if pytestconfig.option.pictures:
            TEXTS.mkdir(exist_ok=True)
            text.write_text(read)
            page.mouse.move(0, 0)
            page.screenshot(path=image, full_page=whole, animations="disabled")
        assert image.exists()
        assert text.read_text() == read, f"docs/images/{picture}.png is out of date: make pictures"
        return page

    return taken


def _normalize(text: str) -> str:
    """Leave out numbers, dates, addresses and what is signed, but not what they are of."""
    text = re.sub(r"not-me/[^\s/]+/", "not-me/…/", re.sub(r"/url: .*", "/url", text))
    text = re.sub(r"\b(\d[\d:]* [ap]\.m\.|noon|midnight)", "0", text)
    return re.sub(r"\d+(?:[.,:]\d+)*", "0", DATES.sub("Month", text)) + "\n"


def _dialog(name: str) -> Callable[[pages.Opens], Page]:
    def look(opens: pages.Opens) -> Page:
        page = opens("/cars/add/")
        page.evaluate(SHOW_DIALOG, name)
        return page

    return look


def _admin(path: str) -> Callable[[pages.Opens], Page]:
    def look(opens: pages.Opens) -> Page:
        page = opens("/trial/public/", user="")
        assert page.evaluate("async () => (await fetch('/trial/month/')).ok")
        return opens(path, user="admin")

    return look


@pytest.mark.parametrize(
    ("picture", "options"),
    [
        ("sessions", {}),
        ("sessions-dark", {"color_scheme": "dark"}),
        ("sessions-phone", {"viewport": PHONE}),
    ],
)
def test_sessions_page(take: Take, picture: str, options: dict[str, Any]) -> None:
    """On a computer, light and dark, and on a phone with the actions in reach."""
    take(picture, pages.many_sessions, whole="phone" not in picture, **options)


def test_questions(take: Take) -> None:
    """Before sessions end, and at the limit."""
    take("question", pages.end_selected, whole=False)


@pytest.mark.parametrize("name", ["warning", "ended"])
def test_dialogs(take: Take, name: str) -> None:
    """Those of the script: before the session ends, and afterwards."""
    view = {"width": 640, "height": 400}
    dialog = _dialog(name)
    take(
        f"dialog-{name}",
        dialog,
        lambda page: page.get_by_role("dialog"),
        whole=False,
        viewport=view,
    )


def test_admin(take: Take) -> None:
    """The list of sessions, and of endings with their chart."""
    view = {"width": 1440, "height": 720}
    take("admin-sessions", _admin("/admin/django_logout/loginsession/"), whole=False, viewport=view)
    # Events of the same moment are in no order.
    endings = _admin("/admin/django_logout/logoutevent/")
    chart = lambda page: page.locator(".django-logout-chart")  # noqa: E731
    take("admin-endings", endings, chart, whole=False, viewport=view)


def test_mail(take: Take) -> None:
    """About a login with a new device."""

    def look(opens: pages.Opens) -> Page:
        opens("/trial/devices/", user="")
        return opens("/trial/mail/", user="")

    take("mail", look, whole=False, viewport={"width": 800, "height": 560})


def test_car_site(take: Take) -> None:
    """The first page of the example, with cars in the cart."""

    def look(opens: pages.Opens) -> Page:
        page = opens("/")
        for car in ("Fiat 147 1980", "Volkswagen Fusca 1974"):
            page.get_by_role("button", name=f"Add to cart: {car}").click()
            page.wait_for_load_state()
        return page

    take("car-site", look, whole=False, viewport={"width": 1200, "height": 1000})


def test_every_picture_is_taken_and_shown() -> None:
    """None is left over, and each is on a page, described in words."""
    pictures = {path.stem for path in IMAGES.glob("*.png")}
    docs = HERE.parents[1]
    shown = "".join(
        path.read_text() for path in [docs / "README.md", *(docs / "docs").glob("*.md")]
    )

    assert pictures == {path.stem for path in TEXTS.glob("*.txt")}
    for picture in pictures:
        assert re.search(rf"!\[[^\]]{{20,}}\]\((docs/)?images/{picture}\.png\)", shown), picture
