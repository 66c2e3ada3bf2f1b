"""The tags, in Django's templates and in Jinja2's: the same things, from the same templates."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import NoReverseMatch, include, path
from django.utils.functional import SimpleLazyObject

from tests.clients import LOGOUT, Page, before_us, browser, csrf_token, logged_in_as
from tests.settings import TEMPLATES
from tests.urlconf import OUT, routes
from tests.urls import urlpatterns

JINJA = {
    "BACKEND": "django.template.backends.jinja2.Jinja2",
    "NAME": "jinja2",
    "OPTIONS": {"extensions": ["django_logout.jinja.LogoutExtension"]},
}
Show = Callable[..., Page]


@pytest.fixture(params=["django", "jinja2"])
def show(request: pytest.FixtureRequest, settings: Any) -> Show:
    """Show a page that consists of one tag: its name, and its options as a template has them."""
    settings.TEMPLATES = [*TEMPLATES, JINJA]

    def shown(client: Client, tag: str, *options: str, **context: Any) -> Page:
        if request.param == "django":
            source = "{% load logout %}{% " + " ".join([tag, *options]) + " %}"
        else:
            source = "{{ " + f"{tag}({', '.join(options)})" + " }}"
        template = engines[request.param].from_string(source)

        def view(request: HttpRequest) -> HttpResponse:
            for name in ("csp_nonce",):
                if name in context.get("attributes", {}):
                    setattr(request, name, context["attributes"][name])
            values = {name: value for name, value in context.items() if name != "attributes"}
            return HttpResponse(template.render(values, request))

        settings.ROOT_URLCONF = routes(view)
        return Page(client.get(OUT))

    return shown


@pytest.mark.django_db
class TestButton:
    """``logout_button``."""

    def test_it_is_a_form_that_logs_out(self, show: Show, ann: Client) -> None:
        """With POST, a token and a button, and no script."""
        page = show(ann, "logout_button")

        (form,), (button,) = page.all("form"), page.all("button")
        assert (form["method"], form["action"]) == ("post", LOGOUT)
        assert (button["type"], button["class"]) == ("submit", "logout-button")
        assert page.text == "Log out"

        strict = Client(enforce_csrf_checks=True)
        strict.cookies = ann.cookies
        token = page.field("csrfmiddlewaretoken")
        assert strict.post(LOGOUT, {"csrfmiddlewaretoken": token}).status_code == 200
        assert logged_in_as(ann) == ""

    def test_its_options(self, show: Show, ann: Client) -> None:
        """Text, classes, and where to go, by path or by name; all escaped."""
        page = show(
            ann, "logout_button", "name", "class=css", "next='private'", name="Bye <b>", css='"nav"'
        )

        assert page.text == "Bye <b>"
        assert page.all("button")[0]["class"] == '"nav"'
        assert page.field("next") == "/private/"
        assert not page.all("b")

    def test_it_can_look_like_a_link(self, show: Show, ann: Client) -> None:
        """And stays a button."""
        page = show(ann, "logout_button", "style='link'", "next='/quiet/'")

        assert page.all("button")[0]["class"] == "logout-link"
        assert page.field("next") == "/quiet/"
        assert not page.all("a")

    def test_everywhere(self, show: Show, ann: Client) -> None:
        """All sessions, and says so."""
        page = show(ann, "logout_button", "everywhere=True")

        assert page.all("form")[0]["action"] == "/accounts/sessions/end-all/"
        assert page.text == "Log out everywhere"

    def test_an_option_it_does_not_have(self, show: Show, ann: Client) -> None:
        """Is a mistake that one sees."""
        with pytest.raises(TypeError, match="colour"):
            show(ann, "logout_button", "colour='red'")


@pytest.mark.django_db
class TestScript:
    """``logout_script``."""

    def test_script_for_a_user(self, show: Show, ann: Client) -> None:
        """Where to ask, for whom, how often; the words are in a template, nothing is inline."""
        page = show(ann, "logout_script")

        (script,), (style,) = page.all("script"), page.all("link")
        assert (script["type"], script["src"]) == ("module", "/static/django_logout/logout.js")
        assert style["href"] == "/static/django_logout/logout.css"
        assert script["data-status"] == "/accounts/session/"
        assert script["data-channel"] == "sessionid /"
        assert script["data-logout"] == f"{LOGOUT} /accounts/sessions/end-all/"
        assert script["data-login"] == "/login/?next="
        assert (script["data-poll"], script["data-warning"]) == ("60", "120")
        assert script["data-user"] == ann.get("/accounts/session/").json()["user"]
        assert "data-events" not in script
        assert "nonce" not in script
        assert len(page.all("template")) == 1

    def test_anonymous_visitor_gets_no_dialogs(self, show: Show) -> None:
        """It tells the other tabs, and shows nothing; no cookie is set for it."""
        client = Client()
        page = show(client, "logout_script")

        assert page.all("script")[0]["data-user"] == ""
        assert not page.all("template")
        assert not client.cookies

    def test_its_options(self, show: Show, ann: Client) -> None:
        """Seconds, and where events come from."""
        page = show(ann, "logout_script", "poll=0", "warning=300", "events='/events/'")

        (script,) = page.all("script")
        assert (script["data-poll"], script["data-warning"]) == ("0", "300")
        assert script["data-events"] == "/events/"

    @pytest.mark.parametrize(
        ("logout", "cookie_age", "poll", "warning"),
        [
            ({"IDLE_TIMEOUT": 100}, 5000, "25.0", "50.0"),
            ({"ABSOLUTE_TIMEOUT": 200, "IDLE_TIMEOUT": 1000}, 5000, "50.0", "100.0"),
            ({}, 160, "40.0", "80.0"),
            ({"IDLE_TIMEOUT": 30}, 5000, "7.5", "20"),  # WCAG 2.2.1: never less
            ({"IDLE_TIMEOUT": lambda user, request: 100}, 5000, "25.0", "50.0"),
        ],
    )
    def test_short_sessions_are_asked_for_more_often(
        self,
        show: Show,
        ann: Client,
        settings: Any,
        logout: Any,
        cookie_age: int,
        poll: str,
        warning: str,
    ) -> None:
        """So that there is time to warn."""
        settings.LOGOUT, settings.SESSION_COOKIE_AGE = logout, cookie_age

        (script,) = show(ann, "logout_script").all("script")

        assert (script["data-poll"], script["data-warning"]) == (poll, warning)

    def test_numbers_are_numbers_in_every_language(
        self, show: Show, ann: Client, settings: Any
    ) -> None:
        """With a point, where people write a comma."""
        settings.LANGUAGE_CODE, settings.LOGOUT = "de", {"IDLE_TIMEOUT": 90}

        assert show(ann, "logout_script").all("script")[0]["data-poll"] == "22.5"

    @pytest.mark.parametrize("of", ["context", "request"])
    def test_the_nonce(self, show: Show, ann: Client, of: str) -> None:
        """Of Django 6, in the context; of django-csp, on the request. Both are lazy, and Django's
        is false until it is used."""
        nonce = type("Lazy", (SimpleLazyObject,), {"__bool__": lambda self: False})(lambda: "n0nce")
        given = {"csp_nonce": nonce}

        page = show(ann, "logout_script", **(given if of == "context" else {"attributes": given}))

        assert page.all("script")[0]["nonce"] == page.all("link")[0]["nonce"] == "n0nce"

    def test_a_login_url_with_a_query(self, show: Show, ann: Client, settings: Any) -> None:
        """Gets a further part."""
        settings.LOGIN_URL = "/login/?by=mail"

        assert show(ann, "logout_script").all("script")[0]["data-login"] == "/login/?by=mail&next="


@pytest.mark.parametrize("tag", ["logout_button", "logout_script"])
def test_without_our_urls_it_is_a_mistake(settings: Any, tag: str) -> None:
    """A missing button would go unnoticed."""
    settings.ROOT_URLCONF = (path("", lambda request: HttpResponse()),)
    template = engines["django"].from_string("{% load logout %}{% " + tag + " %}")

    with pytest.raises(NoReverseMatch, match="django_logout"):
        template.render({})


def test_without_our_urls_our_own_pages_have_no_script(settings: Any) -> None:
    """They work with less."""
    settings.ROOT_URLCONF = (path("", lambda request: HttpResponse()),)
    source = "{% load logout %}[{% logout_script required=False %}]"

    assert engines["django"].from_string(source).render({}) == "[]"


def test_without_a_request_it_is_for_an_anonymous_visitor() -> None:
    """As on the page that says that the database is down: the user is not looked up."""
    source = "{% load logout %}{% logout_script %}{% logout_button %}"

    page = Page(HttpResponse(engines["django"].from_string(source).render({})))

    assert page.all("script")[0]["data-user"] == ""
    assert page.field("csrfmiddlewaretoken") is None


def test_in_a_namespace(settings: Any) -> None:
    """Named, since the page may be outside of it."""
    ours = path("me/", include(("django_logout.urls", "me"), namespace="own"))
    settings.ROOT_URLCONF = (ours, *[route for route in urlpatterns if route.pattern.match("x")])
    source = (
        "{% load logout %}{% logout_button namespace='own' %}{% logout_script namespace='own' %}"
    )

    page = Page(HttpResponse(engines["django"].from_string(source).render({})))

    assert page.all("form")[0]["action"] == "/me/logout/"
    assert page.all("script")[0]["data-status"] == "/me/session/"
    assert page.all("script")[0]["data-logout"] == "/me/logout/ /me/sessions/end-all/"


@pytest.mark.django_db
class TestSessionList:
    """``session_list``."""

    def test_it_is_that_of_the_page(self, show: Show, user: Any) -> None:
        """With its buttons, which work."""
        here, phone = browser(user), browser(user, "Mozilla/5.0 (iPhone) Safari/604.1")

        page = show(here, "session_list")

        links = [link["href"] for link in page.all("a")]
        assert page.text.count("Details") == 2
        assert "/accounts/sessions/end-others/" in links
        assert page.field("csrfmiddlewaretoken")
        assert here.post(str(links[0])).status_code == 302
        assert logged_in_as(phone) == ""
        assert logged_in_as(here) == "ann"

    def test_a_page_of_them(self, show: Show, user: Any) -> None:
        """As many as there is room for."""
        here = browser(user)
        for _ in range(2):
            browser(user)

        assert show(here, "session_list", "per_page=1").text.count("Page 1 of 2") == 1

    def test_it_is_empty_for_anonymous_visitors(self, show: Show) -> None:
        """Nothing."""
        assert show(Client(), "session_list").elements == []

    def test_a_session_from_before_us(self, show: Show, user: Any) -> None:
        """Is adopted by being looked at."""
        assert "This device" in show(before_us(user), "session_list").text


@pytest.mark.django_db
def test_our_own_pages_have_the_script(ann: Client) -> None:
    """With the user's tag; and a page of the middleware with an anonymous user's."""
    response = ann.get(LOGOUT)

    assert csrf_token(response)
    assert Page(response).all("script")[0]["data-user"]


def test_the_script_is_small() -> None:
    """At most 7 kB as it is served, compressed, comments and all."""
    found = finders.find("django_logout/logout.js")

    assert len(gzip.compress(Path(str(found)).read_bytes())) <= 7000
