"""The endpoints for token clients answer alike in REST framework and in django-ninja."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
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
from django_logout.policies.impersonation import impersonate
from django_logout.revokers.runner import credentials
from tests.backends import cache_from_url
from tests.clients import age, copy_of, csrf_token, logged_in_as
from tests.outages import make_cache_unwritable
from tests.projects.api.urls import ninja, urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

SHAPE = {"logged_out", "complete", "reason", "ended", "failed", "redirect_to"}


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """Forget the requests of other tests."""
    cache.clear()


class ForSessions(APIView):
    """A view that accepts sessions only, so REST framework answers anonymous requests with 403."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        """Return an empty response."""
        return Response({})


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-dest": "empty"}], ids=["silent", "fetch"])
def test_ended_session_gets_401_with_reason(
    ann: Client, user: Any, settings: Any, headers: dict[str, str]
) -> None:
    """An anonymous request still gets REST framework's 403."""
    settings.ROOT_URLCONF = (path("own/", ForSessions.as_view()), *urlpatterns)
    assert ann.get("/own/").status_code == 200
    end_sessions(Target.user(user), reason="admin")

    answer = ann.get("/own/", headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (401, "admin")
    assert Client().get("/own/").status_code == 403


@pytest.fixture(params=["/drf/", "/ninja/"])
def base(request: pytest.FixtureRequest) -> str:
    """Return the prefix of the API."""
    return str(request.param)


class Program:
    """A client with a token and without cookies."""

    def __init__(self, base: str, scheme: str, token: str) -> None:
        self.base = base
        self.how: dict[str, Any] = {"headers": {"Authorization": f"{scheme} {token}"}}

    def get(self, path: str) -> Any:
        return Client(enforce_csrf_checks=True).get(self.base + path, **self.how)

    def post(self, path: str) -> Any:
        return Client(enforce_csrf_checks=True).post(self.base + path, **self.how)

    def is_let_in(self) -> bool:
        """Return whether the token works."""
        return bool(self.get("sessions/").status_code == 200)


def program(base: str, user: Any) -> Program:
    """Return a client with a token of REST framework."""
    token, _ = Token.objects.get_or_create(user=user)
    return Program(base, "Token" if base == "/drf/" else "Bearer", token.key)


def jwt_program(name: str = "ann") -> tuple[Program, str]:
    """Return a client with a JSON web token, and its refresh token."""
    pair = Client().post("/jwt/", {"username": name, "password": "pw"}).json()
    return Program("/drf/", "Bearer", pair["access"]), pair["refresh"]


def is_problem(response: Any, status: int) -> bool:
    """Return whether the response is problem details (RFC 9457)."""
    body = response.json()
    return bool(
        response.status_code == status == body["status"]
        and response["Content-Type"] == "application/problem+json"
        and {"type", "title", "detail"} <= body.keys()
    )


def test_logout_revokes_own_token(base: str, user: Any, other: Any) -> None:
    """It revokes no other user's token, and ends no session."""
    Client().force_login(user)
    mine, theirs = program(base, user), program(base, other)
    answer = mine.post("logout/")
    assert (answer.status_code, answer["Cache-Control"].count("no-store")) == (200, 1)
    assert set(answer.json()) == SHAPE
    assert answer.json()["logged_out"] is True
    assert answer.json()["ended"] == {"drf_token": 1}
    assert (mine.is_let_in(), theirs.is_let_in()) == (False, True)
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_second_logout_succeeds(base: str, user: Any) -> None:
    """An unknown token leaves nothing to end, and neither does a missing one."""
    mine = program(base, user)
    mine.post("logout/")
    answer = mine.post("logout/")
    assert (answer.status_code, answer.json()["ended"]) == (200, {})
    assert Client().post(f"{base}logout/").status_code == 200


def test_logout_by_session_needs_csrf_token(base: str, user: Any) -> None:
    """Without the token, the page of another site may have sent the request."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    refused = browser.post(f"{base}logout/")
    assert refused.status_code == 403
    token = csrf_token(browser.get("/accounts/logout/"))
    answer = browser.post(f"{base}logout/", headers={"X-CSRFToken": token})
    assert answer.json()["ended"] == {"session": 1}
    assert browser.get("/private/").status_code == 302


def test_logout_by_ended_session_succeeds(base: str, ann: Client) -> None:
    """The client still has the cookie, and there is nothing left to end."""
    browser = copy_of(ann)
    ann.post("/accounts/logout/")
    answer = browser.post(f"{base}logout/")
    assert (answer.status_code, answer.json()["logged_out"], answer.json()["ended"]) == (
        200,
        True,
        {},
    )


def test_everywhere_by_token_spares_other_users_session(base: str, ann: Client, other: Any) -> None:
    """The request belongs to the user of the token that authenticated it."""
    ann.cookies.clear()
    theirs = program(base, other)
    theirs.post("sessions/end-all/")
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_list_shows_sessions_and_tokens(base: str, ann: Client, user: Any) -> None:
    """The list names the credential that asks, and has pages."""
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


def test_end_one_by_id(base: str, user: Any, other: Any) -> None:
    """A session or a token; an id of another user, or an unknown one, gets 404."""
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


def test_ending_own_session_by_id_logs_out(base: str, ann: Client) -> None:
    """The browser is logged out as by ``logout/``."""
    session_id = LoginSession.objects.get().pk
    answer = ann.post(f"{base}sessions/{session_id}/end/")
    assert answer.json()["logged_out"] is True
    assert ann.get("/private/").status_code == 302


def test_end_others_spares_own_token(base: str, ann: Client, user: Any) -> None:
    """Sessions end, and tokens of every other kind are revoked."""
    mine = program(base, user)
    AuthToken.objects.create(user)
    answer = mine.post("sessions/end-others/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"session": 1, "knox_token": 1})
    assert mine.is_let_in()
    assert ann.get("/private/").status_code == 302


def test_everywhere_revokes_own_token_too(base: str, ann: Client, user: Any) -> None:
    """Sessions end as well."""
    mine = program(base, user)
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (True, {"session": 1, "drf_token": 1})
    assert not mine.is_let_in()


def test_everywhere_by_session_logs_out_too(base: str, ann: Client, user: Any) -> None:
    """Tokens are revoked as well."""
    mine = program(base, user)
    answer = ann.post(f"{base}sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (True, {"session": 1, "drf_token": 1})
    assert ann.get("/private/").status_code == 302
    assert not mine.is_let_in()


def test_session_needs_recent_login(base: str, ann: Client, user: Any) -> None:
    """As on the pages; a token client is not asked to log in again."""
    age(3600)
    answer = ann.post(f"{base}sessions/end-all/")
    assert is_problem(answer, 403)
    assert "reauthenticate_url" in answer.json()
    assert program(base, user).post("sessions/end-all/").status_code == 200


def test_anonymous_is_refused(base: str) -> None:
    """With 401, or with REST framework's 403 where sessions come first."""
    for where in ("sessions/", "sessions/end-all/", "sessions/end-others/"):
        method = Client().get if where == "sessions/" else Client().post
        assert method(f"{base}{where}").status_code in {401, 403}


def test_outage_gets_503(base: str, user: Any, monkeypatch: Any) -> None:
    """The token still works."""
    mine = program(base, user)
    make_cache_unwritable(monkeypatch)
    answer = mine.post("logout/")
    assert is_problem(answer, 503)
    assert answer["Retry-After"] == "5"
    monkeypatch.undo()
    assert mine.is_let_in()


def test_list_is_throttled_after_sixty_requests(base: str, user: Any) -> None:
    """Within one minute."""
    mine = program(base, user)
    statuses = [mine.get("sessions/").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_thief_of_a_token_keeps_no_one_from_ending_it(base: str, user: Any) -> None:
    """Each credential is counted by itself, and endings are not counted at all."""
    browser, thief = Client(), program(base, user)
    browser.force_login(user)
    for _ in range(61):
        thief.post(f"sessions/{uuid4()}/end/")
        thief.get("sessions/")
    assert thief.get("sessions/").status_code == 429
    assert browser.get(f"{base}sessions/").status_code == 200
    ended = browser.post(f"{base}sessions/end-others/").json()["ended"]
    assert ended == {"drf_token": 1}
    assert browser.post(f"{base}logout/").json()["logged_out"] is True


def test_anonymous_logout_is_not_throttled(base: str) -> None:
    """Clients behind one address do not use up each other's requests."""
    assert {Client().post(f"{base}logout/").status_code for _ in range(61)} == {200}


def test_throttle_of_the_api_leaves_endings_alone(user: Any) -> None:
    """One that a project sets for all of its operations."""
    mine = program("/slow/", user)
    mine.how["headers"]["Authorization"] = f"Bearer {Token.objects.get().key}"
    assert {mine.post(f"sessions/{uuid4()}/end/").status_code for _ in range(3)} == {404}
    assert mine.post("logout/").json()["logged_out"] is True


def test_list_works_without_throttle_cache(base: str, user: Any, settings: Any) -> None:
    """The throttle's cache is down; the cache that stores statuses is not."""
    mine = program(base, user)
    dead, alive = cache_from_url("redis://127.0.0.1:1/0"), cache_from_url("locmem://here")
    settings.CACHES = {"default": dead, "here": alive}
    settings.LOGOUT = {"CACHE_ALIAS": "here"}
    assert mine.is_let_in()
    assert mine.post("logout/").json()["ended"] == {"drf_token": 1}
    assert not Token.objects.exists()


def test_jwt_logout_revokes_token_family(user: Any) -> None:
    """The refresh token is revoked too; another login of the same user stays active."""
    mine, refresh = jwt_program()
    elsewhere, _ = jwt_program()
    assert mine.post("logout/").json()["ended"] == {"simplejwt": 1}
    assert (mine.is_let_in(), elsewhere.is_let_in()) == (False, True)
    assert Client().post("/jwt/refresh/", {"refresh": refresh}).status_code == 401
    assert mine.post("logout/").json()["ended"] == {}


def test_expired_access_token_revokes_family(user: Any, clock: Any) -> None:
    """Otherwise its refresh token would stay valid."""
    mine, refresh = jwt_program()
    clock.shift(timedelta(hours=2))
    assert not mine.is_let_in()
    assert mine.post("logout/").json()["ended"] == {"simplejwt": 1}
    assert Client().post("/jwt/refresh/", {"refresh": refresh}).status_code == 401


@pytest.mark.parametrize("what", ["forged", "no token at all", ""])
def test_forged_token_ends_nothing(user: Any, what: str) -> None:
    """The response claims success all the same."""
    mine, _ = jwt_program()
    token = mine.how["headers"]["Authorization"].removeprefix("Bearer ")
    forged = {"forged": token[:-2] + ("AA" if token[-2:] != "AA" else "BB")}.get(what, what)
    answer = Program("/drf/", "Bearer", forged).post("logout/")
    assert (answer.status_code, answer.json()["ended"]) == (200, {})
    assert mine.is_let_in()


def test_end_others_spares_own_jwt_family(user: Any) -> None:
    """Another family is revoked."""
    mine, _ = jwt_program()
    elsewhere, _ = jwt_program()
    mine.post("sessions/end-others/")
    assert (mine.is_let_in(), elsewhere.is_let_in()) == (True, False)


def test_logout_by_expired_knox_token_succeeds(user: Any) -> None:
    """It is no error."""
    _, key = AuthToken.objects.create(user, expiry=timedelta(seconds=1))
    AuthToken.objects.update(expiry=timezone.now() - timedelta(hours=1))
    assert Program("/drf/", "Knox", key).post("logout/").status_code == 200


def test_user_without_credential_revokes_nothing_here(user: Any) -> None:
    """The API does not know which token it was, so only "everywhere" revokes it."""
    key = Token.objects.create(user=user).key
    mine = Program("/ninja/", "Bearer", f"user-{key}")
    answer = mine.post("logout/").json()
    assert (answer["logged_out"], answer["complete"], answer["ended"]) == (False, False, {})
    assert mine.is_let_in()
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"drf_token": 1})


def test_spared_api_key_is_not_logged_out(base: str, ann: Client, user: Any, settings: Any) -> None:
    """An API key that ends everything still authenticates afterwards, and the response says so."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["drf_token"]}
    mine = program(base, user)
    answer = mine.post("sessions/end-all/").json()
    assert (answer["logged_out"], answer["ended"]) == (False, {"session": 1})
    assert answer["exempt"] == {"drf_token": 1}
    assert mine.is_let_in()
    assert ann.get("/private/").status_code == 302
    assert mine.post("logout/").json()["logged_out"] is True
    assert not mine.is_let_in()


def test_everywhere_revokes_own_jwt(user: Any) -> None:
    """It is revoked with the others."""
    mine, _ = jwt_program()
    assert mine.post("sessions/end-all/").json()["logged_out"] is True
    assert not mine.is_let_in()


def test_jwt_without_session_is_not_logged_out(user: Any) -> None:
    """It stays valid until it expires, and the response says so."""
    mine = Program("/drf/", "Bearer", str(AccessToken.for_user(user)))
    answer = mine.post("logout/").json()
    assert (answer["logged_out"], answer["complete"], answer["ended"]) == (False, False, {})
    assert mine.is_let_in()


def test_forged_request_with_foreign_key_ends_no_session(ann: Client, other: Any) -> None:
    """The browser sends its session cookie along, but the attacker's key authenticates the
    request."""
    key = Token.objects.create(user=other).key
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = ann.cookies
    answer = browser.post(f"/keyed/logout/?key={key}")
    assert answer.json()["logged_out"] is False
    assert ann.get("/private/").status_code == 200
    assert browser.post("/keyed/logout/").status_code == 403


def test_service_without_user_is_refused() -> None:
    """It gets 401, and is not told to be logged out."""
    mine = Program("/ninja/", "Bearer", "service")
    assert mine.get("sessions/").status_code == 401
    assert mine.post("sessions/end-all/").status_code == 401
    assert mine.post("logout/").json()["logged_out"] is False


def test_openapi_schemas() -> None:
    """As each framework generates them."""
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


def test_impersonator_cannot_end_the_users_sessions(
    base: str, ann: Client, user: Any, other: Any, settings: Any
) -> None:
    """Neither all, nor the others."""

    def act(request: HttpRequest) -> HttpResponse:
        impersonate(request, user)
        return HttpResponse()

    settings.ROOT_URLCONF = (path("act/", act), *urlpatterns)
    admin = Client()
    admin.force_login(other)
    admin.get("/act/")

    for name in ("end-others", "end-all"):
        answer = admin.post(f"{base}sessions/{name}/")
        assert is_problem(answer, 403)
        assert "acting as another user" in answer.json()["detail"]
    assert [logged_in_as(each) for each in (ann, admin)] == ["ann", "ann"]
