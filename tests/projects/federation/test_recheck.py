"""A provider that never tells is asked: at most so often, once at a time, and only where it matters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.federation import fetch, recheck
from django_logout.federation.models import ProviderLink, ProviderMetadata
from django_logout.federation.sealing import unseal
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import LOGOUT
from tests.projects.federation.conftest import log_in, who
from tests.projects.federation.token_server import TokenServer, running
from tests.query_counts import cost

pytestmark = pytest.mark.django_db(transaction=True)
TEN = 600


@pytest.fixture
def op(published: ProviderMetadata, set_provider: Any) -> Iterator[TokenServer]:
    """A provider that is asked every ten minutes."""
    with running() as server:
        published.document |= server.document
        published.save()
        set_provider(RECHECK=timedelta(minutes=10), CLIENT_SECRET="s e:cret")
        forget()
        yield server


def forget() -> None:
    """Be another process, which has seen nothing."""
    recheck._good_until.cache_clear()
    recheck._silent_until.cache_clear()


def later(seconds: int = TEN + 1) -> None:
    """Let time pass, by the rows: the clock of a process goes on."""
    for link in ProviderLink.objects.all():
        for name in ("linked_at", "checked_at", "asked_at"):
            if moment := getattr(link, name):
                setattr(link, name, moment - timedelta(seconds=seconds))
        link.save()
    forget()


def arrive(user: Any, **facts: Any) -> Client:
    """Return a browser whose login is so old that the provider is to be asked."""
    browser = log_in(user, **{"refresh_token": "r1", "access_token": "a1", **facts})
    later()
    return browser


def copy(browser: Client) -> Client:
    """Return a browser with the same cookie."""
    found = Client()
    found.cookies.update(browser.cookies)
    return found


def kept() -> str:
    """Return the token that is kept."""
    return unseal(ProviderLink.objects.get().recheck_token)


def tried(op: TokenServer) -> list[str]:
    """Return the refresh tokens that the provider was asked with."""
    return [form["refresh_token"] for _, form, _ in op.asked]


def test_token_is_encrypted_in_the_row(op: TokenServer, user: Any) -> None:
    """It is worth the user's data at the provider."""
    log_in(user, refresh_token="a-refresh-token", access_token="a1")
    assert "a-refresh-token" not in ProviderLink.objects.get().recheck_token
    assert kept() == "a-refresh-token"


def test_login_stands(op: TokenServer, user: Any, engine: str) -> None:
    """It is asked once in ten minutes, with the newest token."""
    browser = log_in(user, refresh_token="r1", access_token="a1")
    assert (who(browser), op.asked) == (["ann"], [])
    later()
    assert who(browser, copy(browser), browser) == ["ann"] * 3
    assert (tried(op), kept()) == (["r1"], "r2")
    later(TEN - 5)
    assert who(browser) == ["ann"]
    later(10)
    op.rotates = False
    assert who(browser) == ["ann"]
    assert (tried(op), kept()) == (["r1", "r2"], "r2")


@pytest.mark.parametrize("answer", ["ended", "ended by 401"])
def test_login_has_ended(op: TokenServer, user: Any, engine: str, answer: str) -> None:
    """The session ends through the door, the next page says why, and a copied cookie is refused. What was kept of the
    provider is forgotten (BCL-22)."""
    browser = arrive(user)
    thief, op.answer = copy(browser), answer
    assert browser.get("/private/").url == "/login/?next=/private/"
    told = browser.get("/messages/").content.decode()
    assert told == "Your login at Example ID has ended."
    assert (who(browser, thief), len(op.asked)) == (["", ""], 1)
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions, event.complete) == ("provider_login_ended", 1, True)
    link = ProviderLink.objects.get()
    assert (link.id_token, link.recheck_token) == ("", "")


def test_others_do_not_end(op: TokenServer, user: Any) -> None:
    """Neither the user's other login at the provider, nor one here."""
    here = Client()
    here.force_login(user)
    browser, other = log_in(user, sid="A", refresh_token="r1"), log_in(user, sid="B")
    later()
    op.answer = "ended"
    assert who(browser) == [""]
    op.answer = "stands"
    assert who(other, here) == ["ann", "ann"]


@pytest.mark.parametrize("path", ["/quiet/", "/cart/"])
def test_not_where_no_one_looks_at_the_user(op: TokenServer, user: Any, path: str) -> None:
    """Not even where the session is read."""
    browser = arrive(user)
    op.answer = "ended"
    assert (browser.get(path).status_code, op.asked) == (200, [])
    assert who(browser) == [""]


def test_what_it_costs(op: TokenServer, user: Any, set_provider: Any) -> None:
    """Nothing without a link, nor where no provider is asked, nor while an answer counts."""
    plain, browser = Client(), log_in(user, refresh_token="r1")
    plain.force_login(user)
    pages = {}
    for name, each in {"plain": plain, "first": browser, "next": browser}.items():
        with cost() as found:
            assert who(each) == ["ann"]
        pages[name] = found.queries
    later()
    with cost() as found:
        assert who(browser) == ["ann"]
    pages["asked"] = found.queries
    set_provider(RECHECK=0)
    later()
    with cost() as found:
        assert who(browser) == ["ann"]
    pages["off"] = found.queries
    base = pages["plain"]
    # The link, once in a process; to ask, the link, a note before and one after, and the provider's
    # document, which is read once a minute.
    assert pages == {"plain": base, "first": base + 1, "next": base, "asked": base + 4, "off": base}


SAYS_NOTHING = ["down", "junk", "list", "deep", "another user", "elsewhere"]


# For the user's data, the status 401 is a no.
@pytest.mark.parametrize(
    ("by", "answer"),
    [
        *(("refresh_token", answer) for answer in (*SAYS_NOTHING, "wrong client")),
        *(("userinfo", answer) for answer in SAYS_NOTHING),
    ],
)
def test_an_answer_that_says_nothing(
    op: TokenServer, user: Any, set_provider: Any, answer: str, by: str
) -> None:
    """It does not end a session. Open: the session is served. Closed: it is not, and kept."""
    op.answer = answer
    set_provider(RECHECK_BY=by)
    browser = arrive(user)
    assert (who(browser, browser), len(op.asked)) == (["ann", "ann"], 1)
    set_provider(RECHECK_BY=by, RECHECK_FAILS="closed")
    later()
    response = browser.get("/")
    assert (response.status_code, len(op.asked)) == (503, 2)
    assert "sessionid" not in response.cookies
    assert browser.get("/").status_code == 503
    assert len(op.asked) == 2  # The provider is left in peace.
    assert not LogoutEvent.objects.exists()
    op.answer = "stands"
    later(31)
    assert who(browser) == ["ann"]


def test_a_provider_that_is_silent(
    op: TokenServer, user: Any, set_provider: Any, monkeypatch: Any
) -> None:
    """One request waits, for as long as a fetch may take; other sessions do not wait as well."""
    monkeypatch.setattr(fetch, "SECONDS", 0.3)
    op.silence.set()
    browser, other = log_in(user, refresh_token="r1"), log_in(user, refresh_token="r1")
    later()
    assert (who(browser, other), len(op.asked)) == (["ann", "ann"], 1)
    set_provider(RECHECK_FAILS="closed")
    later()
    assert (browser.get("/").status_code, other.get("/").status_code) == (503, 503)
    assert len(op.asked) == 2


@pytest.mark.parametrize("path", [LOGOUT, "/plain-logout/"])
def test_a_logout_is_not_kept_waiting(
    op: TokenServer, user: Any, set_provider: Any, path: str
) -> None:
    """A provider that is down keeps nobody in, by this package's view."""
    set_provider(RECHECK_FAILS="closed")
    op.answer = "down"
    browser = arrive(user)
    thief = copy(browser)
    status = browser.post(path).status_code
    if path == LOGOUT:
        assert (status, op.asked, who(browser, thief)) == (302, [], ["", ""])
    else:  # Django's function asks who the user is. What it could not do, it does not claim.
        assert status == 503
        assert LoginSession.objects.get().ended_at is None


@pytest.mark.parametrize("fails", ["open", "closed"])
def test_no_token(op: TokenServer, user: Any, set_provider: Any, fails: str) -> None:
    """Closed: then such a login lasts ten minutes."""
    set_provider(RECHECK_FAILS=fails)
    browser = arrive(user, refresh_token="")
    assert (who(browser), op.asked) == (["ann" if fails == "open" else ""], [])


@pytest.mark.parametrize(
    ("by", "answer"), [("refresh_token", "this user may not"), ("userinfo", "this token may not")]
)
def test_user_who_is_refused_silences_no_other(
    op: TokenServer, user: Any, set_provider: Any, by: str, answer: str
) -> None:
    """A user could keep the provider from being asked about the others, whose logins have ended."""
    set_provider(RECHECK_BY=by)
    hostile, ended = (log_in(user, refresh_token="r1", access_token="a1") for _ in range(2))
    later()
    op.answer = answer
    assert who(hostile) == ["ann"]
    op.answer = "wrong client" if by == "userinfo" else "ended"
    assert who(ended) == [""]


def test_which_token_is_kept(op: TokenServer, user: Any, set_provider: Any) -> None:
    """The one that is needed, and none if no provider is asked."""
    facts = {"refresh_token": "r1", "access_token": "a1"}
    browser = log_in(user, **facts)
    assert kept() == "r1"
    for keys, expected in [({"RECHECK_BY": "userinfo"}, "a1"), ({"RECHECK": 0}, "")]:
        set_provider(**keys)
        assert browser.get("/link/", {"subject": "1", **facts}).status_code == 200
        assert kept() == expected


def test_userinfo(op: TokenServer, user: Any, set_provider: Any) -> None:
    """With the access token; 401 is a no."""
    set_provider(RECHECK_BY="userinfo")
    browser = arrive(user)
    assert who(browser) == ["ann"]
    assert op.asked == [("/userinfo", {}, "Bearer a1")]
    op.answer = "wrong client"
    later()
    assert who(browser) == [""]
    assert LogoutEvent.objects.get().reason == "provider_login_ended"


@pytest.mark.parametrize(
    ("keys", "form", "header"),
    [
        ({}, {}, "Basic Y2FyczpzK2UlM0FjcmV0"),  # cars:s+e%3Acret
        ({"CLIENT_AUTH": "post"}, {"client_id": "cars", "client_secret": "s e:cret"}, ""),
        ({"CLIENT_SECRET": ""}, {"client_id": "cars"}, ""),
        ({"CLIENT_SECRET": lambda: "x"}, {}, "Basic Y2Fyczp4"),
    ],
)
def test_client_proves_itself(
    op: TokenServer, user: Any, set_provider: Any, keys: Any, form: Any, header: str
) -> None:
    """In the way in which it is registered (RFC 6749, section 2.3.1)."""
    set_provider(**keys)
    assert who(arrive(user)) == ["ann"]
    expected = {"grant_type": "refresh_token", "refresh_token": "r1", **form}
    assert op.asked == [("/token", expected, header)]


def test_no_endpoint(op: TokenServer, user: Any, published: Any) -> None:
    """A provider that publishes none has not been asked."""
    del published.document["token_endpoint"]
    published.save()
    assert (who(arrive(user)), op.asked) == (["ann"], [])


@pytest.mark.parametrize("answer", ["stands", "ended"])
def test_asynchronous_view(op: TokenServer, user: Any, answer: str) -> None:
    """It asks in a thread."""
    browser, op.answer = arrive(user), answer
    visitor = AsyncClient()
    visitor.cookies.update(browser.cookies)
    page = async_to_sync(visitor.get)("/whose/")
    assert page.content.decode() == f"user={'ann' if answer == 'stands' else ''}"
    assert len(op.asked) == 1


@pytest.mark.parametrize("answer", ["stands", "ended"])
def test_login_in_place_of_one_that_has_ended(op: TokenServer, user: Any, answer: str) -> None:
    """Django's ``login()`` asks twice whose session it was, and must get one answer."""
    browser, op.answer = arrive(user), answer
    assert browser.get("/again/").status_code == 200
    assert who(browser) == ["ann"]


def test_session_that_has_ended_here(op: TokenServer, user: Any) -> None:
    """Nothing is asked for it."""
    browser = arrive(user)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (who(browser), op.asked) == ([""], [])


def meanwhile(op: TokenServer, monkeypatch: Any, deed: Any) -> list[Any]:
    """Do something while the provider is being asked, and return what came of it."""
    found: list[Any] = []
    send = fetch.send

    def slow(*args: Any, **kwargs: Any) -> Any:
        if not found:
            found.append(None)
            forget()  # Another process.
            found[0] = deed()
        return send(*args, **kwargs)

    monkeypatch.setattr(fetch, "send", slow)
    return found


def test_one_request_asks_and_others_are_served(
    op: TokenServer, user: Any, monkeypatch: Any
) -> None:
    """A refresh token is good for one use, and a second use would end the login. Open: no one waits."""
    browser = arrive(user)
    found = meanwhile(op, monkeypatch, lambda: who(copy(browser)))
    assert (who(browser), found, tried(op)) == (["ann"], [["ann"]], ["r1"])


def test_one_request_asks_and_others_wait(
    op: TokenServer, user: Any, monkeypatch: Any, set_provider: Any
) -> None:
    """Closed: for a limited time, since the process that asks may be dead."""
    set_provider(RECHECK_FAILS="closed")
    monkeypatch.setattr(recheck, "PATIENCE", 0.2)
    browser = arrive(user)
    found = meanwhile(op, monkeypatch, lambda: copy(browser).get("/").status_code)
    assert (who(browser), found, tried(op)) == (["ann"], [503], ["r1"])


@pytest.mark.parametrize("outcome", ["stands", "ended", "gone", "anew", "fails"])
def test_what_the_others_learn(
    op: TokenServer, user: Any, monkeypatch: Any, set_provider: Any, outcome: str
) -> None:
    """Closed: they are served, refused or turned away as the one that asks."""
    set_provider(RECHECK_FAILS="closed")
    browser, now = arrive(user), timezone.now()
    ProviderLink.objects.update(asked_at=now)
    link = ProviderLink.objects.all()

    def learn(seconds: float) -> None:
        deeds: dict[str, Any] = {
            "stands": lambda: link.update(checked_at=now),
            "ended": lambda: link.update(recheck_token=""),
            "gone": link.delete,
            "anew": lambda: link.update(asked_at=None),
            "fails": lambda: link.update(asked_at=now - timedelta(seconds=6)),
        }
        deeds[outcome]()

    monkeypatch.setattr(recheck, "sleep", learn)
    page = browser.get("/")
    served = {"stands": "user=ann", "anew": "user=ann", "ended": "user=", "gone": "user="}
    if outcome in served:
        assert page.content.decode() == served[outcome]
    else:
        assert page.status_code == 503
    assert op.asked == []
