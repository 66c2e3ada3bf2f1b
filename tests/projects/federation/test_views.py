"""What providers and browsers request: methods, sizes, frames, and what people read afterwards."""

import io
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_logout.exceptions import SessionNotEnded
from django_logout.federation import explanations, links, metadata, receive, urls, views
from django_logout.utils.uncached import UncachedQuerySet
from tests.projects.federation.conftest import FORM, ISSUER, log_in, send, token, who

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_only_post_is_taken(method: str) -> None:
    """BCL-1."""
    assert getattr(Client(), method)("/backchannel/").status_code == 405


@pytest.mark.parametrize("name", ["logout_backchannel", "logout_frontchannel", "logout_signed_out"])
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "options"])
def test_no_answer_is_stored(name: str, method: str) -> None:
    """BCL-21, FCL-5: also where the method is a wrong one. Caches may keep a 405 (RFC 9110, 15.1)."""
    answer = getattr(Client(), method)(reverse(name))
    assert "no-store" in answer["Cache-Control"], answer.status_code


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("logout_token=", "application/json"),
        ("", FORM),
        ("other=1", FORM),
        (f"logout_token={token()}&logout_token={token()}", FORM),
        ("logout_token=" + "x" * views.MAX_BODY, FORM),
    ],
)
def test_other_bodies_are_refused(user: Any, body: str, kind: str) -> None:
    """BCL-1, BCL-27: no form, no token, two, too much."""
    browser = log_in(user)
    assert Client().post("/backchannel/", body, content_type=kind).status_code == 400
    assert who(browser) == ["ann"]


def test_uri_with_a_query(user: Any) -> None:
    """BCL-2: it may be registered with one, which is not looked at. A token has to be in the form, and
    the URI has no fragment: a server never gets one."""
    browser, body = log_in(user), urlencode({"logout_token": token()})
    assert Client().post(f"/backchannel/?{body}", "x=1", content_type=FORM).status_code == 400
    assert who(browser) == ["ann"]
    answer = Client().post("/backchannel/?tenant=1&logout_token=junk", body, content_type=FORM)
    assert (answer.status_code, who(browser)) == (200, [""])


def test_length_that_is_no_number() -> None:
    """Servers check it; a test client does not."""
    response = Client().post("/backchannel/", "x=1", content_type=FORM, CONTENT_LENGTH="x")
    assert response.status_code == 400


def test_refusals_do_not_fill_the_log(caplog: Any) -> None:
    """The first ones of a minute are logged, and how many were not."""
    for _ in range(15):
        assert send("junk").status_code == 400
    assert caplog.text.count("A logout token was refused") == 10
    assert "junk" not in caplog.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("&a=1" * 1001, FORM),
        ("logout_token=x", f"{FORM}; charset=utf-16"),
        (b"logout_token=\xff\xfe", FORM),
        ("x", "multipart/form-data; boundary=x"),
    ],
    ids=["fields", "charset", "bytes", "multipart"],
)
def test_bodies_that_no_provider_sends_do_not_fill_the_log(
    caplog: Any, body: Any, kind: str
) -> None:
    """Anyone can send them. None is an error, and after ten nothing is logged, by Django either."""
    for _ in range(15):
        assert Client().post("/backchannel/", body, content_type=kind).status_code == 400
    assert len(caplog.records) == 10
    assert not [each for each in caplog.records if each.exc_info]


def test_outage_does_not_fill_the_log(caplog: Any) -> None:
    """Anyone can send a token while the database is down, or ask for the page in the frame."""
    with mock.patch.object(metadata, "find_keys", side_effect=DatabaseError("down")):
        for _ in range(15):
            assert send(token()).status_code == 400
    with mock.patch.object(links, "matching", side_effect=SessionNotEnded("down")):
        for _ in range(15):
            response = Client().get("/frontchannel/", {"iss": ISSUER, "sid": "A"})
            assert response.status_code == 503
    ours = [each for each in caplog.records if each.name == "django_logout.federation"]
    assert len(ours) == views.MAX_FAULTS


def asgi_request(body: bytes) -> tuple[ASGIRequest, io.BytesIO]:
    """Return a request whose length is not known beforehand, and its body."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/backchannel/",
        "query_string": b"",
        "headers": [(b"content-type", FORM.encode())],
    }
    stream = io.BytesIO(body)
    return ASGIRequest(scope, stream), stream


def test_body_of_unknown_length(user: Any) -> None:
    """BCL-27: it comes in chunks, and may be endless. No more is read than a token takes."""
    browser, view = log_in(user), views.BackChannelView.as_view()
    request, stream = asgi_request(b"logout_token=" + b"x" * 10 * views.MAX_BODY)
    assert view(request).status_code == 400
    assert stream.tell() == views.MAX_BODY + 1
    assert who(browser) == ["ann"]
    assert view(asgi_request(f"logout_token={token()}".encode())[0]).status_code == 200
    assert who(browser) == [""]


def test_client_that_hangs_up(caplog: Any) -> None:
    """Amid its request. It is no error of ours."""
    request, stream = asgi_request(b"")
    with mock.patch.object(stream, "read", side_effect=OSError("gone")):
        assert views.BackChannelView.as_view()(request).status_code == 400
    assert [each.exc_info for each in caplog.records] == [None]


def test_form_that_a_middleware_has_read(user: Any) -> None:
    """It is read once more."""
    browser, (request, _) = log_in(user), asgi_request(f"logout_token={token()}".encode())
    assert request.POST
    assert views.BackChannelView.as_view()(request).status_code == 200
    assert who(browser) == [""]


def test_views_need_no_login(user: Any, settings: Any) -> None:
    """With Django's LoginRequiredMiddleware, and with a session cookie beside."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert send(token()).status_code == 200
    assert Client().get("/frontchannel/").status_code == 200
    assert Client().get("/signed-out/").status_code == 200


class TestFrontChannel:
    """OpenID Connect Front-Channel Logout 1.0."""

    def test_oidcc_frontchannel_rpinitlogout(self, user: Any, engine: str) -> None:
        """FCL-1 to FCL-7: by the recorded ``sid``, without a cookie, in a frame of the issuer."""
        one, two = log_in(user, sid="A"), log_in(user, sid="B")
        response = Client().get("/frontchannel/", {"iss": ISSUER, "sid": "A"})
        assert response.status_code == 200
        assert who(one, two) == ["", "ann"]
        assert "no-store" in response["Cache-Control"]
        assert "X-Frame-Options" not in response
        assert response["Content-Security-Policy"] == (
            f"default-src 'none'; frame-ancestors {ISSUER}"
        )
        assert not response.cookies
        again = Client().get("/frontchannel/", {"iss": ISSUER, "sid": "A"})
        assert again.status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"iss": ISSUER},
            {"sid": "A"},
            {"iss": ISSUER, "sid": ""},
            {"iss": ISSUER, "sid": "1"},
            {"iss": ISSUER, "sid": "ann"},
            {"iss": ISSUER, "sid": "A\x00"},
            {"iss": "https://evil.example", "sid": "A"},
        ],
    )
    def test_anything_else_is_ignored(self, user: Any, query: Any) -> None:
        """FCL-2, FCL-3, FCL-8: LemonLDAP's user name, a subject, one of the two alone."""
        browser, plain = log_in(user, sid="A"), log_in(user)
        assert browser.get("/frontchannel/", query).status_code == 200
        assert who(browser, plain) == ["ann", "ann"]

    def test_back_channel_is_offered_beside_it_and_first(self) -> None:
        """FCL-9: by the same URLs, and by the pages that say what to register."""
        names = [pattern.name for pattern in urls.urlpatterns]
        assert names.index("logout_backchannel") < names.index("logout_frontchannel")
        docs = Path(__file__).parents[3] / "docs"
        pages = [
            (docs / f"{page}.md").read_text().lower()
            for page in ("federation", "libraries/_provider")
        ]
        for page in pages:
            assert -1 < page.find("back-channel") < (page + "front-channel").find("front-channel")
        assert "frontchannel/" not in pages[1]

    def test_only_the_provider_may_frame_it(self) -> None:
        """Nobody may, if the issuer is unknown."""
        response = Client().get("/frontchannel/", {"iss": "https://evil.example"})
        assert response["Content-Security-Policy"].endswith("frame-ancestors 'none'")

    def test_without_an_issuer(self, user: Any, set_provider: Any) -> None:
        """As Entra ID sends it (``FRONTCHANNEL_WITHOUT_ISS``)."""
        set_provider(PRESET="entra_id")
        browser = log_in(user, sid="A")
        response = Client().get("/frontchannel/", {"sid": "A"})
        assert response["Content-Security-Policy"].endswith(ISSUER)
        assert who(browser) == [""]

    def test_two_clients_without_an_issuer(self, user: Any, settings: Any) -> None:
        """They are of one issuer, so it is clear which is meant. Of two issuers, it is not."""
        one = {**settings.LOGOUT["PROVIDERS"]["op"], "PRESET": "entra_id"}
        two = {**one, "CLIENT_ID": "vans"}
        settings.LOGOUT = {"PROVIDERS": {"op": one, "second": two}}
        here, there = log_in(user, sid="A"), log_in(user, sid="B")
        Client().get("/frontchannel/", {"sid": "A"})
        other = {**two, "ISSUER": "https://two.example"}
        settings.LOGOUT = {"PROVIDERS": {"op": one, "other": other}}
        Client().get("/frontchannel/", {"sid": "B"})
        assert who(here, there) == ["", "ann"]

    def test_sid_that_is_guessed_costs_one_query(self, user: Any) -> None:
        """Anyone can ask. No transaction begins, which would keep others from writing on SQLite."""
        log_in(user, sid="A")
        with CaptureQueriesContext(connection) as queries:
            Client().get("/frontchannel/", {"iss": ISSUER, "sid": "guessed"})
        assert [query["sql"].split()[0] for query in queries] == ["SELECT"]

    def test_database_that_is_down(self) -> None:
        """It is not claimed that the session has ended."""
        with mock.patch.object(UncachedQuerySet, "exists", side_effect=DatabaseError("down")):
            response = Client().get("/frontchannel/", {"iss": ISSUER, "sid": "A"})
        assert response.status_code == 503

    def test_not_ended_is_not_ok(self, user: Any) -> None:
        """The page of the provider may notice."""
        log_in(user, sid="A")
        with mock.patch.object(receive.pipeline, "end_sessions", side_effect=SessionNotEnded("x")):
            response = Client().get("/frontchannel/", {"iss": ISSUER, "sid": "A"})
        assert response.status_code == 503


class TestPeople:
    """What users read."""

    def test_next_page_names_the_provider(self, user: Any) -> None:
        """As a message on the way to the login page, and as JSON."""
        browser, fetcher = log_in(user, sid="A"), log_in(user, sid="A")
        send(token(sid="A"))
        browser.get("/private/")
        assert b"You logged out at Example ID." in browser.get("/messages/").content
        response = fetcher.get("/private/", headers={"Accept": "application/json"})
        assert response.status_code == 401
        assert (response.json()["reason"], response.json()["detail"]) == (
            "provider",
            "You logged out at Example ID.",
        )

    def test_one_of_several_providers(self, user: Any, settings: Any) -> None:
        """The session that was refused tells which. Without one, or a database, none is named."""
        one = settings.LOGOUT["PROVIDERS"]["op"]
        two = {**one, "ISSUER": "https://two.example"}
        settings.LOGOUT = {"PROVIDERS": {"op": one, "two": two}}
        browser, other = log_in(user, sid="A"), log_in(user, sid="A")
        send(token(sid="A"))
        response = browser.get("/private/", headers={"Accept": "application/json"})
        assert response.json()["detail"] == "You logged out at Example ID."
        with mock.patch.object(links, "titles", side_effect=DatabaseError("down")):
            response = other.get("/private/", headers={"Accept": "application/json"})
        assert response.json()["detail"] == "You logged out at the provider of your login."
        assert explanations.explain_provider_logout(None) is None
        assert explanations.explain_provider_login_ended(None) is None

    def test_login_that_has_ended_there(self) -> None:
        """The other reason."""
        text = explanations.explain_provider_login_ended(None)
        assert text == "Your login at Example ID has ended."

    def test_page_without_a_refused_session(self, rf: Any, settings: Any) -> None:
        """Such as that of a browser whose cookie is gone."""
        settings.LOGOUT = {"PROVIDERS": {}}
        assert explanations.explain_provider_logout(rf.get("/")) is None

    def test_session_whose_data_are_gone(
        self, user: Any, settings: Any, engine: str, rf: Any
    ) -> None:
        """It is found by its key, where the registry has keys."""
        one = settings.LOGOUT["PROVIDERS"]["op"]
        settings.LOGOUT = {"PROVIDERS": {"op": one, "two": {**one, "ISSUER": "https://b.example"}}}
        browser = log_in(user, sid="A")
        send(token(sid="A"))
        browser.get("/private/")
        assert b"You logged out at Example ID." in browser.get("/messages/").content
