"""A login beyond the limit waits until its user has chosen what ends for it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, alogin, login
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import LoginView
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies import pending_login
from django_logout.signals import session_ended
from tests.clients import (
    BACKEND,
    EVERYWHERE,
    JSON,
    OTHERS,
    copy_of,
    copy_of_all_cookies,
    log_in,
    logged_in,
    logged_in_as,
)
from tests.pending_logins import CHOOSE, LAPSED, active_ids, client_at_limit, view_ignoring_refusal
from tests.timeouts import reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = "You logged in on another device and reached the maximum number of sessions."


@pytest.fixture(autouse=True)
def one_place(settings: Any) -> None:
    """Allow one session, and ask at the next login."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}


def living() -> int:
    """How many sessions have not ended."""
    return LoginSession.objects.filter(ended_at=None).count()


def lapsed(client: Client) -> bool:
    """Return whether there is no login to complete: the page says so, and no user is logged in.

    The response deletes the cookie, so each request is sent by a copy of the client.
    """
    asks, presses = copy_of_all_cookies(client), copy_of_all_cookies(client)
    urls = asks.get(CHOOSE)["Location"], presses.post(CHOOSE, {"all": "on"})["Location"]
    assert urls == ("/login/", "/login/")
    assert LAPSED in asks.get("/login/").text
    return [logged_in_as(each) for each in (client, asks, presses)] == [""] * 3


def test_one_goes_and_one_comes(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """What was chosen ends and is told why, the rest stays, and the login goes through."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    first, second = logged_in(user), logged_in(user)
    third = client_at_limit()
    assert (logged_in_as(third), reasons()) == ("", [])

    answer = third.post(CHOOSE, {"session": active_ids()[0]})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert [logged_in_as(each) for each in (second, third)] == ["ann", "ann"]
    assert ELSEWHERE in first.get(first.get("/private/")["Location"]).text
    event = LogoutEvent.objects.get()
    assert (event.reason, event.actor, event.sessions) == ("limit", user, 1)
    assert living() == 2


@pytest.mark.parametrize("atomic", [False, True])
def test_a_guest_keeps_the_cart(
    engine: str, user: Any, settings: Any, clock: Any, atomic: bool
) -> None:
    """While they choose, and afterwards."""
    logged_in(user)
    guest = Client()
    guest.get("/write/")
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = atomic
    try:
        log_in(guest)
        assert guest.get("/write/").content == b"user= count=2"
        guest.post(CHOOSE, {"all": "on"})
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False
    assert guest.get("/write/").content == b"user=ann count=3"


def test_cancelled(engine: str, user: Any, clock: Any) -> None:
    """No user is logged in, no session has ended, and no copy of the browser can complete the
    login."""
    first = logged_in(user)
    second = client_at_limit("/login/?next=/private/%3Fpage%3D2")
    thief = copy_of_all_cookies(second)

    answer = second.post(CHOOSE, {"cancel": "on", "session": active_ids()[0]})

    assert answer["Location"] == "/login/?next=/private/%3Fpage%3D2"
    assert (logged_in_as(first), logged_in_as(second), reasons()) == ("ann", "", [])
    assert lapsed(thief)
    assert lapsed(second)
    assert living() == 1


def test_used_once(engine: str, user: Any, clock: Any) -> None:
    """A copy of the whole browser, made before, is of no use afterwards: with `signed_cookies`
    it still holds the note."""
    logged_in(user)
    second = client_at_limit()
    thief = copy_of_all_cookies(second)
    second.post(CHOOSE, {"all": "on"})

    assert lapsed(thief)
    assert logged_in_as(second) == "ann"
    second.post("/accounts/logout/")
    assert lapsed(thief)
    assert living() == 0


def test_pending_login_is_bound_to_both_cookies(engine: str, user: Any, clock: Any) -> None:
    """Not with a copy of the session alone, nor with the other cookie alone, nor with another's."""
    logged_in(user)
    here, thief = client_at_limit(), client_at_limit()

    assert lapsed(copy_of(here))
    thief.cookies["sessionid"] = here.cookies["sessionid"].value
    assert lapsed(thief)
    alone = Client()
    alone.cookies[pending_login.COOKIE] = here.cookies[pending_login.COOKIE].value
    assert lapsed(alone)
    here.post(CHOOSE, {"all": "on"})
    assert logged_in_as(here) == "ann"


def test_planted_session_gets_a_new_key(engine: str, user: Any, clock: Any) -> None:
    """The session goes on under a key that they do not know (session fixation)."""
    logged_in(user)
    attacker = Client()
    attacker.get("/write/")
    victim = copy_of(attacker)
    log_in(victim)
    attacker.cookies[pending_login.COOKIE] = victim.cookies[pending_login.COOKIE].value

    assert lapsed(attacker)
    victim.post(CHOOSE, {"all": "on"})
    assert (logged_in_as(victim), logged_in_as(attacker)) == ("ann", "")


def test_forged(user: Any, settings: Any, clock: Any) -> None:
    """By an attacker who can write into a session, and does not know the key of the site."""

    def plant(request: HttpRequest) -> HttpResponse:
        request.session[pending_login.KEY] = request.GET["note"]
        return HttpResponse()

    settings.ROOT_URLCONF = routes(plant)
    logged_in(user)
    proof = {"_auth_user_id": str(user.pk), "_auth_user_backend": BACKEND}
    proof["_auth_user_hash"] = user.get_session_auth_hash()
    content = [
        "00000000-0000-4000-8000-000000000000",
        time.time(),
        pending_login._endings(user.pk),
        "/",
        {},
        proof,
    ]
    salt = f"{pending_login.SALT}:mine"
    client = Client()
    client.cookies[pending_login.COOKIE] = "mine"
    notes = (
        "",
        "nonsense",
        signing.dumps(content, salt=salt, key="guessed"),
        signing.dumps(content, salt="django_logout.not_me"),
        signing.dumps(content, salt=f"{pending_login.SALT}:"),
    )
    for note in notes:
        client.get(OUT, {"note": note})
        assert lapsed(client)
    # The test is not one that cannot fail: this is what they would need.
    client.get(OUT, {"note": signing.dumps(content, salt=salt)})
    assert client.get(CHOOSE).status_code == 200


def test_five_minutes(user: Any, clock: Any) -> None:
    """And no longer."""
    logged_in(user)
    quick, slow = client_at_limit(), client_at_limit()
    clock.shift(299)
    assert quick.get(CHOOSE).status_code == 200
    clock.shift(2)
    assert lapsed(slow)
    assert living() == 1


@pytest.mark.parametrize("change", ["password", "disabled", "deleted", "backend"])
def test_what_has_become_of_the_user_meanwhile(
    user: Any, settings: Any, clock: Any, change: str
) -> None:
    """The login counts no more, as a session would not."""
    logged_in(user)
    second = client_at_limit()
    # In ways that send no signals.
    users = type(user).objects.filter(pk=user.pk)
    if change == "password":
        users.update(password=make_password("another"))
    elif change == "disabled":
        users.update(is_active=False)
    elif change == "deleted":
        users.delete()
    else:
        settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]

    assert lapsed(second)
    assert reasons() in ([], ["deleted"])


@pytest.mark.parametrize(
    "end",
    [
        lambda user, here: here.post(OTHERS),
        lambda user, here: here.post(EVERYWHERE),
        lambda user, here: end_sessions(Target.users(type(user).objects.all())),
        lambda user, here: end_sessions(Target.everyone()),
    ],
    ids=["others", "everywhere", "users", "everyone"],
)
def test_everything_ends_meanwhile(
    user: Any, clock: Any, end: Callable[[Any, Client], Any]
) -> None:
    """A login that was pending before ends too, so that it cannot be completed afterwards."""
    here = logged_in(user)
    clock.shift(1)
    intruder = client_at_limit()
    clock.shift(1)
    end(user, here)
    clock.shift(1)

    assert lapsed(intruder)
    if not logged_in_as(here):
        logged_in(user)
    assert client_at_limit().post(CHOOSE, {"all": "on"})["Location"] == "/"


def test_everything_of_another_user_cannot_be_ended(user: Any, other: Any, clock: Any) -> None:
    """Is nothing of hers; nor is one session."""
    first, bob = logged_in(user), logged_in(other)
    clock.shift(1)
    second = client_at_limit()
    clock.shift(1)
    bob.post(EVERYWHERE)
    first.post("/accounts/logout/")

    assert second.post(CHOOSE)["Location"] == "/"


def test_a_new_secret_key(user: Any, settings: Any, clock: Any) -> None:
    """Voids nothing while the old one is among the fallbacks."""
    logged_in(user)
    second = client_at_limit()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    second.post(CHOOSE, {"all": "on"})

    assert logged_in_as(second) == "ann"


def test_session_of_another_user_cannot_be_chosen(user: Any, other: Any, clock: Any) -> None:
    """Its id ends nothing, and counts for nothing."""
    ann, bob = logged_in(user), logged_in(other)
    theirs = LoginSession.objects.get(user=other).pk
    second = client_at_limit()

    answer = second.post(CHOOSE, {"session": [str(theirs), "nonsense"]})

    assert answer.status_code == 400
    assert [logged_in_as(each) for each in (ann, bob, second)] == ["ann", "bob", ""]
    second.post(CHOOSE, {"all": "on"})
    assert [logged_in_as(each) for each in (ann, bob, second)] == ["", "bob", "ann"]


def test_before_it_is_complete_nothing_else_is_open(user: Any, clock: Any) -> None:
    """Neither pages for users, nor the other views of sessions."""
    first = logged_in(user)
    second = client_at_limit()

    answers = [
        second.get("/private/"),
        second.get("/accounts/sessions/"),
        second.post(f"/accounts/sessions/{active_ids()[0]}/end/"),
        second.post("/accounts/sessions/end-others/"),
        second.post("/accounts/sessions/end-all/"),
    ]

    assert {answer["Location"].partition("?")[0] for answer in answers} == {"/login/"}
    assert second.get("/accounts/session/").json() == {"authenticated": False}
    assert logged_in_as(first) == "ann"


class Dashboard(LoginView):
    """Leads elsewhere by itself."""

    template_name = "login.html"

    def get_default_redirect_url(self) -> str:
        return f"/private/?of={self.request.user}"


def _own(request: HttpRequest) -> HttpResponse:
    """A view of the project's that knows the user already."""
    user = request.META["test.user"]
    return HttpResponse(login(request, user, BACKEND))


@pytest.mark.parametrize(
    ("where", "data", "to"),
    [
        ("/login/?next=/private/%3Fpage%3D2%26x%3D1", {}, "/private/?page=2&x=1"),
        ("/login/", {"next": "/private/?page=2"}, "/private/?page=2"),
        ("/login/?next=//evil.example/", {}, "/"),
        ("/by-class/", {}, "/private/?of=ann"),
        ("/by-attribute/", {}, "/quiet/"),
        ("/by-attribute/?back=/write/", {}, "/write/"),
        (OUT, {}, "/"),
        (OUT, {"next": "/private/?page=2"}, "/private/?page=2"),
        (f"{OUT}?next=/private/%3Fpage%3D2", {}, "/private/?page=2"),
        (f"{OUT}?next=//evil.example/", {}, "/"),
    ],
)
def test_where_it_leads(
    user: Any, settings: Any, clock: Any, where: str, data: dict[str, str], to: str
) -> None:
    """To where the login would have led, query included, and nowhere unsafe."""
    attributes = {"next_page": "quiet", "redirect_field_name": "back"}
    settings.ROOT_URLCONF = routes(
        _own,
        path("by-class/", Dashboard.as_view()),
        path("by-attribute/", LoginView.as_view(template_name="login.html", **attributes)),
    )
    logged_in(user)
    second = client_at_limit(where, **data, **{"test.user": user})

    assert second.post(CHOOSE, {"all": "on"})["Location"] == to


@pytest.mark.parametrize(
    ("data", "to"), [({}, "/"), ({"next": "/quiet/"}, "/quiet/"), ({"next": "//evil/"}, "/")]
)
def test_a_view_that_cannot_say_where(
    user: Any, settings: Any, clock: Any, caplog: Any, data: dict[str, str], to: str
) -> None:
    """It may want what it has only once the form is valid, and the login as such has not failed:
    it leads to where the form says."""

    class Late(LoginView):
        def get_success_url(self) -> str:
            raise LookupError

    settings.ROOT_URLCONF = routes(Late.as_view())
    logged_in(user)

    second = client_at_limit(OUT, **data)

    assert "could not name the URL" in caplog.text
    assert second.post(CHOOSE, {"all": "on"})["Location"] == to
    assert logged_in_as(second) == "ann"


async def test_under_asgi(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """With ``alogin()``."""

    async def view(request: HttpRequest) -> HttpResponse:
        await alogin(request, user, BACKEND)
        return HttpResponse("in")

    settings.ROOT_URLCONF = routes(view)
    first, second = AsyncClient(), AsyncClient()
    assert (await first.get(OUT)).content == b"in"

    assert (await second.get(OUT))["Location"] == CHOOSE
    assert (await second.get(CHOOSE)).status_code == 200
    answer = await second.post(CHOOSE, {"all": "on"})

    assert answer["Location"] == "/"
    assert [(await each.get("/")).content for each in (first, second)] == [b"user=", b"user=ann"]


def test_where_a_login_is_needed_for_every_page(user: Any, settings: Any, clock: Any) -> None:
    """Not for this one."""
    where = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE]
    settings.MIDDLEWARE.insert(where + 1, required)
    logged_in(user)
    second = client_at_limit()

    assert second.get(CHOOSE).status_code == 200
    assert second.post(CHOOSE, {"all": "on"})["Location"] == "/"
    assert logged_in_as(second) == "ann"


def test_two_copies_at_once(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """Between the ending and the login of one, the other one completes: it is the only one, even
    where there is a place for more."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    for _ in range(2):
        logged_in(user)
    here = client_at_limit()
    copy, answers = copy_of_all_cookies(here), []

    def rush(**kwargs: Any) -> None:
        if not answers:
            answers.append(None)
            answers.append(copy.post(CHOOSE))

    session_ended.connect(rush)
    try:
        late = here.post(CHOOSE, {"all": "on"})
    finally:
        session_ended.disconnect(rush)

    assert (answers[1]["Location"], late["Location"]) == ("/", "/login/")
    assert "sessionid" not in late.cookies  # the browser keeps what the other one has set
    assert (logged_in_as(copy), living()) == ("ann", 1)
    assert logged_in_as(copy_of_all_cookies(here)) == ""


def test_the_place_is_taken_meanwhile(user: Any, clock: Any) -> None:
    """By a login between the ending and this one: the limit is kept, and one chooses again,
    without losing where one wanted to go."""
    logged_in(user)
    second, taken = client_at_limit("/login/?next=/private/%3Fpage%3D2"), []

    def rush(**kwargs: Any) -> None:
        if not taken:
            taken.append(logged_in(user))

    session_ended.connect(rush)
    try:
        answer = second.post(CHOOSE, {"all": "on"})
    finally:
        session_ended.disconnect(rush)

    assert answer["Location"] == CHOOSE
    assert (logged_in_as(taken[0]), logged_in_as(second), living()) == ("ann", "", 1)
    assert second.post(CHOOSE, {"all": "on"})["Location"] == "/private/?page=2"
    assert (logged_in_as(taken[0]), logged_in_as(second), living()) == ("", "ann", 1)


def test_a_place_that_has_become_free_is_taken(user: Any, clock: Any) -> None:
    """Nothing has to end then."""
    first = logged_in(user)
    second = client_at_limit()
    first.post("/accounts/logout/")

    assert "You can log in here now." in second.get(CHOOSE).text
    assert second.post(CHOOSE)["Location"] == "/"
    assert logged_in_as(second) == "ann"
    assert reasons() == ["user"]


def test_a_limit_that_is_gone(user: Any, settings: Any, clock: Any) -> None:
    """Lets everybody in."""
    first = logged_in(user)
    second = client_at_limit()
    settings.LOGOUT = {}

    assert second.post(CHOOSE)["Location"] == "/"
    assert (logged_in_as(first), logged_in_as(second)) == ("ann", "ann")


def test_a_limit_that_was_lowered(user: Any, settings: Any, clock: Any) -> None:
    """Takes more than one."""
    settings.LOGOUT = {}
    for _ in range(3):
        logged_in(user)
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": "ask"}
    fourth = client_at_limit()

    assert fourth.get(CHOOSE, headers=JSON).json()["to_end"] == 2
    assert fourth.post(CHOOSE, {"session": active_ids()[:1]}).status_code == 400
    assert living() == 3
    assert fourth.post(CHOOSE, {"session": active_ids()[:2]})["Location"] == "/"
    assert living() == 2


def test_pressed_twice(engine: str, user: Any, clock: Any) -> None:
    """The second answer does not take away the cookie that the first one has set."""
    logged_in(user)
    second = client_at_limit()
    before = copy_of_all_cookies(second)
    second.post(CHOOSE, {"all": "on"})

    answer = before.post(CHOOSE, {"all": "on"})

    assert "sessionid" not in answer.cookies
    assert logged_in_as(second) == "ann"
    assert living() == 1


def test_user_who_is_logged_in_already_is_redirected(user: Any, clock: Any) -> None:
    """By the Back button."""
    logged_in(user)
    second = client_at_limit()
    second.post(CHOOSE, {"all": "on"})

    assert second.get(CHOOSE)["Location"] == second.post(CHOOSE)["Location"] == "/"


def test_another_login_drops_the_note(user: Any, other: Any, clock: Any) -> None:
    """Another user logs in with the same browser; the first user's login cannot be completed
    there."""
    first = logged_in(user)
    here = client_at_limit()

    log_in(here, username="bob")
    assert here.session.get(pending_login.KEY) is None
    here.post(CHOOSE, {"all": "on"})

    assert (logged_in_as(here), logged_in_as(first)) == ("bob", "ann")


def test_a_login_that_is_refused_drops_an_older_note(user: Any, settings: Any, clock: Any) -> None:
    """There is one question at a time."""
    logged_in(user)
    here = client_at_limit()
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    log_in(here)
    assert here.session.get(pending_login.KEY) is None


def test_without_our_urls_it_is_refused(user: Any, settings: Any, clock: Any) -> None:
    """There is no page to choose on."""
    settings.ROOT_URLCONF = (path("login/", LoginView.as_view(template_name="login.html")),)
    logged_in(user)

    answer = log_in(Client())

    assert answer["Location"] == "/login/"
    assert pending_login.COOKIE not in answer.cookies


def test_a_login_by_hand(user: Any, settings: Any, clock: Any) -> None:
    """Without what Django knows a changed password by: there is nothing that could be completed."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session[SESSION_KEY] = str(user.pk)
        user_logged_in.send(type(user), request=request, user=user)
        raise AssertionError

    settings.ROOT_URLCONF = routes(view)
    logged_in(user)
    client = Client()

    assert client.get(OUT)["Location"] == "/login/"
    assert lapsed(client)


def test_code_that_swallows_the_refusal(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """The session is anonymous, and may send the browser to choose later."""

    settings.ROOT_URLCONF = routes(view_ignoring_refusal(user))
    logged_in(user)
    client = Client()

    assert client.get(OUT).content == b"user="
    assert logged_in_as(client) == ""
    client.post(CHOOSE, {"all": "on"})
    assert logged_in_as(client) == "ann"


def test_a_login_that_is_registered_again(user: Any, settings: Any, clock: Any) -> None:
    """Its row was rolled back, its session was not, and the place has been taken since."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    taken = []

    def view(request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                login(request, user, BACKEND)
                raise OSError
        except OSError:
            taken.append(logged_in(user))
        return HttpResponse("in")

    settings.ROOT_URLCONF = routes(view)
    client = Client()

    assert client.get(OUT)["Location"] == CHOOSE
    assert (logged_in_as(client), logged_in_as(taken[0])) == ("", "ann")
    client.post(CHOOSE, {"all": "on"})
    assert (logged_in_as(client), logged_in_as(taken[0])) == ("ann", "")


def test_what_could_not_be_ended(user: Any, settings: Any, tmp_path: Any, clock: Any) -> None:
    """The response is a 503, no user is logged in, and the pending login is kept for another try."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    settings.SESSION_FILE_PATH = str(tmp_path)
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    redis |= {"LOCATION": "redis://127.0.0.1:1", "OPTIONS": {"socket_connect_timeout": 1}}
    settings.CACHES = {**settings.CACHES, "marks": redis}
    first = logged_in(user)
    second = client_at_limit()
    well = settings.LOGOUT
    settings.LOGOUT = {**well, "CACHE_ALIAS": "marks"}

    assert second.post(CHOOSE, {"all": "on"}).status_code == 503
    settings.LOGOUT = well

    assert (logged_in_as(first), logged_in_as(second)) == ("ann", "")
    second.post(CHOOSE, {"all": "on"})
    assert (logged_in_as(first), logged_in_as(second)) == ("", "ann")
