"""Forms of a project's own beside the script: it sends those that log out, as the browser would."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, is_logged_in
from tests.e2e.script import PRIVATE

ADD_FORM = """
(html) => {
  const place = document.createElement("div");
  place.innerHTML = html;
  document.querySelector("main").append(place);
}
"""


@pytest.fixture
def page(open_page: Open) -> Page:
    """Open the page of a user, under a policy that lets forms lead anywhere."""
    return open_page(PRIVATE, user="customer", bypass_csp=True)


def press(page: Page, form: str) -> None:
    """The button of a form that the project has written."""
    page.evaluate(ADD_FORM, form)
    page.get_by_role("button", name="Press").click()


def sent(page: Page, form: str) -> Any:
    """What goes to the server when it is pressed."""
    with page.expect_request(lambda request: request.method == "POST") as found:
        press(page, form)
    return found.value


#: WebDriver BiDi does not tell them.
no_bodies = pytest.mark.lacks(firefox="a way to see what requests contain")


@no_bodies
@pytest.mark.smoke
def test_the_button_that_was_pressed_is_sent(page: Page) -> None:
    """One of two, of which this one logs out everywhere."""
    request = sent(
        page,
        '<form method="post" action="/accounts/logout/"><button>Here</button>'
        '<button name="everywhere" value="on">Press</button></form>',
    )
    assert request.resource_type == "fetch"
    assert request.post_data.endswith("everywhere=on")
    expect(page.get_by_role("heading")).to_have_text("Logged out")
    assert not is_logged_in(page)


@no_bodies
def test_it_is_sent_again_where_the_site_has_a_question(page: Page) -> None:
    """By the browser itself, which shows it: not as if another button had been pressed."""
    bodies = []
    page.on("request", lambda request: bodies.append((request.resource_type, request.post_data)))
    page.route("**/accounts/logout/", lambda route: route.fulfill(status=403, body="Really?"))
    press(
        page,
        '<form method="post" action="/accounts/logout/">'
        '<button name="everywhere" value="on">Press</button></form>',
    )
    expect(page.get_by_text("Really?")).to_be_visible()
    (body,) = [body for kind, body in bodies if kind == "document" and body]
    assert body == "everywhere=on"


def test_a_button_that_leads_elsewhere_leads_there(page: Page) -> None:
    """It does not log the user out."""
    request = sent(
        page,
        '<form method="post" action="/accounts/logout/">'
        '<button formaction="/cars/add/?elsewhere">Press</button></form>',
    )
    assert request.resource_type == "document"
    assert request.url.endswith("/cars/add/?elsewhere")


@pytest.mark.lacks(firefox="answers of a test in place of another site")
def test_the_same_path_on_another_site_is_not_ours(page: Page) -> None:
    """The log-out of a single sign-on, say."""
    page.route(
        "http://elsewhere.test/**",
        lambda route: (
            route.fulfill(body="Their page")
            if route.request.is_navigation_request()
            else route.abort()  # as any site does to a fetch of another's
        ),
    )
    press(
        page,
        '<form method="post" action="http://elsewhere.test/accounts/logout/">'
        "<button>Press</button></form>",
    )
    expect(page.get_by_text("Their page")).to_be_visible()


def test_a_field_may_be_called_action(page: Page) -> None:
    """As in the lists of the admin: no error, and it is the form's own action that counts."""
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - it is marked
    field = '<input name="action" value="delete_selected">'
    with page.expect_navigation():
        request = sent(page, f'<form method="post">{field}<button>Press</button></form>')
    assert (request.resource_type, errors) == ("document", [])
    page.goto(PRIVATE)
    form = f'<form method="post" action="/accounts/logout/">{field}<button>Press</button></form>'
    assert sent(page, form).resource_type == "fetch"
