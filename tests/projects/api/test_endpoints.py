"""Our API for token clients, in REST framework and in django-ninja: the same, whichever it is."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.authentication import SessionAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas.openapi import SchemaGenerator
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import AccessToken

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.revokers.runner import credentials
from tests.backends import cache_from_url
from tests.browsers import age
from tests.pages import copy_of, csrf_token
from tests.projects.api.urls import ninja, urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

SHAPE = {"logged_out", "complete", "reason", "ended", "failed", "redirect_to"}


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """What other tests have asked for."""
    cache.clear()


class ForSessions(APIView):
    """Of a project that logs in by session only: REST framework answers nobody with 403 there."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        """Something."""
        return Response({})


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-dest": "empty"}], ids=["silent", "fetch"])
def test_an_api_for_sessions_says_why_they_have_ended(
    ann: Client, user: Any, settings: Any, headers: dict[str, str]
) -> None:
    """401 with the reason; and nobody, who never had one, is forbidden as before."""
    settings.ROOT_URLCONF = (path("own/", ForSessions.as_view()), *urlpatterns)
    assert ann.get("/own/").status_code == 200
    end_sessions(Target.user(user), reason="admin")

    answer = ann.get("/own/", headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (401, "admin")
    assert Client().get("/own/").status_code == 403


@pytest.fixture(params=["/drf/", "/ninja/"])
def base(request: pytest.FixtureRequest) -> str:
    """Where the API is."""
    return str(request.param)


class Program:
    """A client that comes with a token, and with no cookies."""

    def __init__(self, base: str, scheme: str, token: str) -> None:
        self.base = base
        self.how: dict[str, Any] = {"headers": {"Authorization": f"{scheme} {token}"}}

    def get(self, path: str) -> Any:
        return Client(enforce_csrf_checks=True).get(self.base + path, **self.how)

    def post(self, path: str) -> Any:
        return Client(enforce_csrf_checks=True).post(self.base + path, **self.how)

    def is_let_in(self) -> bool:
        """Whether the token works."""
        return bool(self.get("sessions/").status_code == 200)


def program(base: str, user: Any) -> Program:
    """With a token of REST framework."""
    token, _ = Token.objects.get_or_create(user=user)
    return Program(base, "Token" if base == "/drf/" else "Bearer", token.key)


def jwt_program(name: str = "ann") -> tuple[Program, str]:
    """With a JSON web token, and its refresh token."""
    pair = Client().post("/jwt/", {"username": name, "password": "pw"}).json()
    return Program("/drf/", "Bearer", pair["access"]), pair["refresh"]


def is_problem(response: Any, status: int) -> bool:
    """As RFC 9457 has it."""
    body = response.json()
    return bool(
        response.status_code == status == body["status"]
        and response["Content-Type"] == "application/problem+json"
        and {"type", "title", "detail"} <= body.keys()
    )


def test_a_token_logs_itself_out(base: str, user: Any, other: Any) -> None:
    """And nobody else's, and no session."""
    Client().force_login(user)
    mine, theirs = program(base, user), program(base, other)
    answer = mine.post("logout/")
    assert (answer.status_code, answer["Cache-Control"].count("no-store")) == (200, 1)
    assert set(answer.json()) == SHAPE
    assert answer.json()["logged_out"] is True
    assert answer.json()["ended"] == {"drf_token": 1}
    assert (mine.is_let_in(), theirs.is_let_in()) == (False, True)
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_again_it_is_calm_success(base: str, user: Any) -> None:
    """An unknown token has nothing left to end."""
    mine = program(base, user)
    mine.post("logout/")
    answer = mine.post("logout/")
    assert (answer.status_code, answer.json()["ended"]) == (200, {})
    assert Client().post(f"{base}logout/").status_code == 200


def test_a_session_logs_itself_out(base: str, user: Any) -> None:
    """With the CSRF token; without it, a page of another site has asked."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    refused = browser.post(f"{base}logout/")
    assert refused.status_code == 403
    token = csrf_token(browser.get("/accounts/logout/"))
    answer = browser.post(f"{base}logout/", headers={"X-CSRFToken": token})
    assert answer.json()["ended"] == {"session": 1}
    assert browser.get("/private/").status_code == 302


def test_a_session_that_has_ended_is_calm_success(base: str, ann: Client) -> None:
    """By its cookie, which is still there: nothing is left to end."""
    browser = copy_of(ann)
    ann.post("/accounts/logout/")
    answer = browser.post(f"{base}logout/")
    assert (answer.status_code, answer.json()["logged_out"], answer.json()["ended"]) == (
        200,
        True,
        {},
    )


def test_another_user_s_token_beside_a_session_leaves_that_alone(
    base: str, ann: Client, other: Any
) -> None:
    """What let the request in is what ends; a session that was looked at first is what did."""
    ann.cookies.clear()
    theirs = program(base, other)
    theirs.post("sessions/end-all/")
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_the_list_is_that_of_the_page(base: str, ann: Client, user: Any) -> None:
    """Sessions and tokens, and which of them is asking; a page at a time."""
    mine = program(base, user)
    for _ in range(20):
        Client().force_login(user)
    first = mine.get("sessions/")
    listed = first.json()["sessions"]
    assert {"id", "current", "created_at", "expires_at", "device", "kind"} <= set(listed[0])
    assert (len(listed), first["Link"]) == (20, f'<{mine.base}sessions/?page=2>; rel="next"')
    rest = mine.get("sessions/?page=2").json()["sessions"]
    assert [entry["kind"] for entry in rest if entry["current"]] == ["drf_token"]
    theirs = ann.get(f"{base}sessions/").json()["sessions"]
    assert [entry["kind"] for entry in theirs if entry["current"]] == ["session"]


def test_one_of_them(base: str, user: Any, other: Any) -> None:
    """A session, a token; another user's, or nobody's, is 404."""
    mine, theirs = program(base, user), program(base, other)
    AuthToken.objects.create(user)
    Client().force_login(user)
    Client().force_login(other)
    for session in LoginSession.objects.filter(user=user):
        assert mine.post(f"sessions/{session.pk}/end/").json()["ended"] == {"session": 1}
    (knox,) = (found for found in credentials(user) if found.kind == "knox_token")
    assert mine.post(f"sessions/{knox.id}/end/").json()["ended"] == {"knox_token": 1}
    foreign = [LoginSession.objects.get(user=other).pk, credentials(other)[0].id, uuid4()]
    for session_id in foreign:
        assert is_problem(mine.post(f"sessions/{session_id}/end/"), 404)
    (own,) = credentials(user)
    answer = mine.post(f"sessions/{own.id}/end/").json()
    assert (answer["logged_out"], answer["ended"]) == (True, {"drf_token": 1})
    assert theirs.is_let_in()


def test_its_own_session_by_its_id_is_logging_out(base: str, ann: Client) -> None:
    """Of a browser."""
    session_id = LoginSession.objects.get().pk
    answer = ann.post(f"{base}sessions/{session_id}/end/")
    assert answer.json()["logged_out"] is True
    assert ann.get("/private/").status_code == 302


def test_the_others(base: str, ann: Client, user: Any) -> None:
    """All but the token that asks; of another kind too."""
    mine = program(base, user)
    AuthToken.objects.create(user)
    answer = mine.post("sessions/end-others/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"session": 1, "knox_token": 1})
    assert mine.is_let_in()
    assert ann.get("/private/").status_code == 302


def test_everywhere(base: str, ann: Client, user: Any) -> None:
    """The token that asks, too."""
    mine = program(base, user)
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (True, {"session": 1, "drf_token": 1})
    assert not mine.is_let_in()


def test_everywhere_by_a_browser(base: str, ann: Client, user: Any) -> None:
    """Which is logged out, too."""
    mine = program(base, user)
    answer = ann.post(f"{base}sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (True, {"session": 1, "drf_token": 1})
    assert ann.get("/private/").status_code == 302
    assert not mine.is_let_in()


def test_a_browser_has_to_log_in_again_first(base: str, ann: Client, user: Any) -> None:
    """As on the pages; a program is not asked."""
    age(3600)
    answer = ann.post(f"{base}sessions/end-all/")
    assert is_problem(answer, 403)
    assert "reauthenticate_url" in answer.json()
    assert program(base, user).post("sessions/end-all/").status_code == 200


def test_nobody_sees_nothing(base: str) -> None:
    """401, or the 403 of REST framework where sessions come first."""
    for where in ("sessions/", "sessions/end-all/", "sessions/end-others/"):
        method = Client().get if where == "sessions/" else Client().post
        assert method(f"{base}{where}").status_code in {401, 403}


def test_an_outage_is_said(base: str, user: Any, monkeypatch: Any) -> None:
    """503, and the token is as it was."""
    mine = program(base, user)
    monkeypatch.setattr("django_logout.ending.context.status_cache.is_used", lambda engine: True)
    monkeypatch.setattr("django_logout.ending.context.status_cache.can_write", lambda: False)
    answer = mine.post("logout/")
    assert is_problem(answer, 503)
    assert answer["Retry-After"] == "5"
    monkeypatch.undo()
    assert mine.is_let_in()


def test_too_often(base: str, user: Any) -> None:
    """Sixty a minute."""
    mine = program(base, user)
    statuses = [mine.get("sessions/").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_nobody_is_kept_in_by_a_throttle_that_cannot_count(
    base: str, user: Any, settings: Any
) -> None:
    """Its cache is down; what remembers endings is not."""
    mine = program(base, user)
    dead, alive = cache_from_url("redis://127.0.0.1:1/0"), cache_from_url("locmem://here")
    settings.CACHES = {"default": dead, "here": alive}
    settings.LOGOUT = {"CACHE_ALIAS": "here"}
    assert mine.post("logout/").json()["ended"] == {"drf_token": 1}
    assert not Token.objects.exists()


def test_a_json_web_token_logs_its_family_out(user: Any) -> None:
    """The refresh token too; another login of the same user goes on."""
    mine, refresh = jwt_program()
    elsewhere, _ = jwt_program()
    assert mine.post("logout/").json()["ended"] == {"simplejwt": 1}
    assert (mine.is_let_in(), elsewhere.is_let_in()) == (False, True)
    assert Client().post("/jwt/refresh/", {"refresh": refresh}).status_code == 401
    assert mine.post("logout/").json()["ended"] == {}


def test_an_expired_access_token_still_logs_its_family_out(user: Any, clock: Any) -> None:
    """Its refresh token would live on else."""
    mine, refresh = jwt_program()
    clock.shift(timedelta(hours=2))
    assert not mine.is_let_in()
    assert mine.post("logout/").json()["ended"] == {"simplejwt": 1}
    assert Client().post("/jwt/refresh/", {"refresh": refresh}).status_code == 401


@pytest.mark.parametrize("what", ["forged", "no token at all", ""])
def test_a_forged_token_logs_nobody_out(user: Any, what: str) -> None:
    """It is success to whoever brings it."""
    mine, _ = jwt_program()
    token = mine.how["headers"]["Authorization"].removeprefix("Bearer ")
    forged = {"forged": token[:-2] + ("AA" if token[-2:] != "AA" else "BB")}.get(what, what)
    answer = Program("/drf/", "Bearer", forged).post("logout/")
    assert (answer.status_code, answer.json()["ended"]) == (200, {})
    assert mine.is_let_in()


def test_the_others_without_this_json_web_token(user: Any) -> None:
    """Its family goes on."""
    mine, _ = jwt_program()
    elsewhere, _ = jwt_program()
    mine.post("sessions/end-others/")
    assert (mine.is_let_in(), elsewhere.is_let_in()) == (True, False)


def test_an_expired_token_of_knox_is_success(user: Any) -> None:
    """And is no error."""
    _, key = AuthToken.objects.create(user, expiry=timedelta(seconds=1))
    AuthToken.objects.update(expiry=timezone.now() - timedelta(hours=1))
    assert Program("/drf/", "Knox", key).post("logout/").status_code == 200


def test_a_token_that_gives_only_its_user(user: Any) -> None:
    """Ends nothing by itself, since nobody knows which it is; everything, everywhere."""
    key = Token.objects.create(user=user).key
    mine = Program("/ninja/", "Bearer", f"user-{key}")
    answer = mine.post("logout/").json()
    assert (answer["logged_out"], answer["complete"], answer["ended"]) == (False, False, {})
    assert mine.is_let_in()
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"drf_token": 1})


def test_whoever_is_spared_is_not_told_to_be_logged_out(
    base: str, ann: Client, user: Any, settings: Any
) -> None:
    """An API key that ends everything goes on letting its program in."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    mine = program(base, user)
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"session": 1})
    assert answer["exempt"] == {"drf_token": 1}
    assert mine.is_let_in()
    assert ann.get("/private/").status_code == 302
    assert mine.post("logout/").json()["logged_out"] is True
    assert not mine.is_let_in()


def test_everywhere_by_a_json_web_token(user: Any) -> None:
    """It ends with the others."""
    mine, _ = jwt_program()
    assert mine.post("sessions/end-all/").json()["logged_out"] is True
    assert not mine.is_let_in()


def test_a_json_web_token_of_no_login_is_not_said_to_have_ended(user: Any) -> None:
    """It goes on letting its holder in until it expires."""
    mine = Program("/drf/", "Bearer", str(AccessToken.for_user(user)))
    answer = mine.post("logout/").json()
    assert (answer["logged_out"], answer["complete"], answer["ended"]) == (False, False, {})
    assert mine.is_let_in()


def test_a_key_of_another_user_in_a_forged_request_ends_no_session(ann: Client, other: Any) -> None:
    """The browser sends its session along; the attacker's key is what lets the request in."""
    key = Token.objects.create(user=other).key
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = ann.cookies
    answer = browser.post(f"/keyed/logout/?key={key}")
    assert answer.json()["logged_out"] is False
    assert ann.get("/private/").status_code == 200
    assert browser.post("/keyed/logout/").status_code == 403


def test_who_is_no_user_has_no_sessions() -> None:
    """401; and it is not said to be logged out."""
    mine = Program("/ninja/", "Bearer", "service")
    assert mine.get("sessions/").status_code == 401
    assert mine.post("sessions/end-all/").status_code == 401
    assert mine.post("logout/").json()["logged_out"] is False


def test_schemas() -> None:
    """By the means of each framework."""
    patterns = [path("drf/", include("django_logout.contrib.drf.urls"))]
    generator = SchemaGenerator(title="API", patterns=patterns)
    schema = generator.get_schema(request=None, public=True)
    assert schema["paths"]["/drf/logout/"]["post"]["operationId"] == "logoutLogout"
    ended = schema["components"]["schemas"]["Ended"]["properties"]
    assert set(ended) >= SHAPE
    (status,) = schema["paths"]["/drf/sessions/"]["get"]["responses"]
    assert status == "200"
    described: Any = ninja.get_openapi_schema()
    assert set(described["paths"]) >= {"/ninja/logout/", "/ninja/sessions/{session_id}/end/"}
    assert set(described["components"]["securitySchemes"]) >= {"SessionAuth", "ByRow"}
    assert set(described["components"]["schemas"]["Ended"]["properties"]) >= SHAPE
