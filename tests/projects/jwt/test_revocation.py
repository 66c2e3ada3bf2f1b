"""F30, F31: what revokes simplejwt's tokens, and what does not."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from django_logout import Reason, Target, end_sessions
from django_logout.models import CredentialBinding, LoginSession, LogoutEvent
from django_logout.revokers.runner import credentials
from django_logout.revokers.simplejwt import SimpleJwtRevoker
from django_logout.testing import RevokerContract
from tests.clients import LOGOUT, logged_in_as
from tests.mails import IPHONE, LINUX, NEW, log_in, subjects
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_login_is_registered(user: Any) -> None:
    """With its device, and without a session key."""
    Program.log_in(**{"User-Agent": "curl/8.5"})
    row = LoginSession.objects.get()
    assert (row.user, row.kind, row.device, row.session_key) == (user, "simplejwt", "curl", "")
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(86400, abs=5)


def test_login_on_new_device_is_notified(user: Any, settings: Any) -> None:
    """Otherwise that device would count as known at the next login by form. A token that is
    obtained in a browser belongs to that browser."""
    settings.LOGOUT = {"NOTIFY": ["new_device"]}
    user.email = "ann@example.com"
    user.save()
    here = log_in(client=Client(headers={"user-agent": LINUX}, REMOTE_ADDR="198.51.100.7"))
    thief = Client(headers={"user-agent": IPHONE}, REMOTE_ADDR="203.0.113.9")
    Program.log_in(client=here)
    assert subjects() == []

    Program.log_in(client=thief)

    assert subjects() == [NEW]
    assert "http://testserver/accounts/sessions/not-me/" in mail.outbox[0].body
    log_in(IPHONE, "203.0.113.9", thief)
    assert subjects() == [NEW]


def test_everywhere_revokes(user: Any, other: Any) -> None:
    """F30: access and refresh tokens, the newest and older ones; no other user's."""
    first = Program.log_in()
    second, theirs = first.exchange(), Program.log_in("bob")
    result = end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (first.refused(), second.refused(), theirs.works) == ("admin", "admin", True)
    assert result.event is not None
    assert dict(result.ended) == {"simplejwt": 1}
    assert result.event.outcomes["simplejwt"] == {"ended": 1, "error": ""}
    assert (result.event.sessions, result.event.outcomes["session"]["ended"]) == (0, 0)


def test_refusal_has_reason_and_login_url(user: Any) -> None:
    """401 with problem details."""
    program = Program.log_in()
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    answer = program.ask()
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "detail": "An administrator ended your session.",
        "code": "session_ended",
        "reason": "admin",
        "login_url": "/login/?next=/api/who/",
    }


def test_end_one_session(user: Any) -> None:
    """By its id, as the page of sessions does it."""
    one, two = Program.log_in(), Program.log_in()
    first = LoginSession.objects.order_by("created_at")[0]
    result = end_sessions(Target.session(first.pk))
    assert (one.works, two.works, dict(result.ended)) == (False, True, {"simplejwt": 1})


def test_browser_logout_spares_program(ann: Client) -> None:
    """The program logged in outside of this browser."""
    program = Program.log_in()
    ann.post(LOGOUT)
    assert (program.works, logged_in_as(ann)) == (True, "")


def test_token_of_browser_ends_with_its_session(ann: Client, user: Any) -> None:
    """Also after a refresh; another browser's logout leaves it alone."""
    elsewhere = Client()
    elsewhere.force_login(user)
    program = Program.log_in(client=ann).exchange()
    elsewhere.post(LOGOUT)
    assert program.works
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "simplejwt": 1}
    assert program.refused() == "user"


def test_other_user_in_same_browser_is_separate(ann: Client, other: Any) -> None:
    """Only a login of the same user belongs to the browser's session."""
    program = Program.log_in("bob", client=ann)
    ann.post(LOGOUT)
    assert program.works


def test_ending_token_session_spares_browser(ann: Client) -> None:
    """The browser's session is not part of the program's."""
    program = Program.log_in(client=ann)
    end_sessions(Target.session(LoginSession.objects.get(kind="simplejwt").pk))
    assert (program.works, logged_in_as(ann)) == (False, "ann")


def test_end_others_spares_tokens_of_browser(ann: Client) -> None:
    """Their refresh tokens still work as well."""
    mine, another = Program.log_in(client=ann), Program.log_in()
    ann.post("/accounts/sessions/end-others/")
    assert (mine.works, another.works) == (True, False)
    assert mine.exchange().works


def test_password_change_revokes(user: Any) -> None:
    """F30: also after a refresh."""
    program = Program.log_in().exchange()
    user.set_password("new")
    user.save()
    assert program.refused() == "password_changed"


def test_disabled_and_deleted_users(user: Any, other: Any) -> None:
    """We refuse before the library misses the user. Where the user's rows are deleted, the reason
    is unknown."""
    mine, theirs = Program.log_in(), Program.log_in("bob")
    user.is_active = False
    user.save()
    other.delete()
    assert mine.refused() == "disabled"
    assert theirs.refused() == "unknown"


def test_everyone_revokes(user: Any, other: Any) -> None:
    """With one write; a later login works."""
    programs = [Program.log_in(), Program.log_in("bob")]
    issued = Program.issued_for(user)
    result = end_sessions(Target.everyone())
    assert [program.works for program in (*programs, issued)] == [False] * 3
    assert dict(result.ended) == {"simplejwt": 3}  # One of them names no session.
    assert Program.log_in().works


def test_users_revokes(user: Any, other: Any) -> None:
    """As an administrator selects them."""
    mine, theirs, old = Program.log_in(), Program.log_in("bob"), Program.issued_for(user)
    end_sessions(Target.users(get_user_model().objects.filter(username="ann")))
    assert (mine.works, old.works, theirs.works) == (False, False, True)


def test_command_lists_and_ends(user: Any, capsys: Any) -> None:
    """``manage.py logout`` shows the kind of the session."""
    program = Program.log_in()
    call_command("logout", "list")
    assert "simplejwt" in capsys.readouterr().out
    call_command("logout", "end", "--user", "ann")
    assert program.refused() == "command"


def test_django_logout_in_api_view_revokes(user: Any) -> None:
    """It ends the session of the token that authenticated the request, as dj-rest-auth does it."""
    program, another = Program.log_in(), Program.log_in()
    assert program.post("/jwt/logout/").status_code == 200
    assert (program.refused(), another.works) == ("user", True)
    assert LogoutEvent.objects.get().scope == "current"


@pytest.mark.parametrize("name", ["ann", "bob"])
def test_token_that_is_given_back_leaves_the_session_beside_it(
    user: Any, other: Any, name: str
) -> None:
    """A view of the project that sends Django's signal, in the browser of this user or another."""
    program, browser = Program.log_in(), Client()
    browser.post("/login/", {"username": name, "password": "pw"})
    headers = {"Authorization": f"Bearer {program.access}"}
    assert browser.post("/jwt/give-back/", headers=headers).status_code == 200
    assert (program.refused(), logged_in_as(browser)) == ("user", name)
    assert LogoutEvent.objects.get().actor == user


def test_blacklisting_rotated_refresh_token_revokes_family(user: Any) -> None:
    """F31: the client sends a token that was rotated meanwhile; the newer one is revoked with
    it."""
    first = Program.log_in()
    second, another = first.exchange(), Program.log_in()
    assert Client().post("/jwt/blacklist/", {"refresh": first.refresh}).status_code == 200
    assert (second.refused(), another.works) == ("user", True)
    assert LogoutEvent.objects.get().actor == user


def test_access_token_cannot_be_blacklisted(user: Any) -> None:
    """It is no refresh token, and ends nothing."""
    program = Program.log_in()
    assert Client().post("/jwt/blacklist/", {"refresh": program.access}).status_code == 401
    assert program.works


def test_blacklisting_token_without_session(user: Any) -> None:
    """The library handles it alone."""
    program = Program.issued_for(user)
    assert Client().post("/jwt/blacklist/", {"refresh": program.refresh}).status_code == 200
    assert Client().post("/jwt/refresh/", {"refresh": program.refresh}).status_code == 401


def test_end_others_spares_presented_token(user: Any) -> None:
    """The token that authenticates the request is its current session."""
    here, there = Program.log_in(), Program.log_in()
    request = here.ask().wsgi_request
    request.user = user
    end_sessions(Target.others(request))
    assert (here.works, there.works) == (True, False)
    assert here.exchange().works


def test_stock_refresh_is_refused(user: Any) -> None:
    """The tokens are blacklisted in bulk, those of one session or of the user."""
    mine, another = Program.log_in(), Program.log_in()
    for program in (mine, another):
        assert program.exchange("/jwt/stock-refresh/").works
    LoginSession.objects.all().delete()
    BlacklistedToken.objects.all().delete()
    one, two = Program.log_in(), Program.log_in().exchange()
    first = LoginSession.objects.order_by("created_at")[0]
    end_sessions(Target.session(first.pk))
    assert BlacklistedToken.objects.count() == 2  # One of them was rotated.
    end_sessions(Target.user(user))
    assert not OutstandingToken.objects.filter(blacklistedtoken=None).exists()
    for program in (one, two):
        answer = Client().post("/jwt/stock-refresh/", {"refresh": program.refresh})
        assert answer.status_code == 401


def test_stock_authentication_accepts_ended_session(user: Any) -> None:
    """What is at stake: the library's own class trusts an access token until it expires."""
    program = Program.log_in()
    end_sessions(Target.user(user))
    assert program.ask("/api/unchecked/").status_code == 200


def test_sliding_tokens(user: Any) -> None:
    """One token that is both access and refresh token."""
    data = {"username": "ann", "password": "pw"}
    token = Client().post("/jwt/sliding/", data).json()["token"]
    newer = Client().post("/jwt/sliding/refresh/", {"token": token}).json()["token"]
    programs = [Program(each, each) for each in (token, newer)]
    assert all(program.works for program in programs)
    end_sessions(Target.user(user))
    assert not any(program.works for program in programs)
    assert Client().post("/jwt/sliding/refresh/", {"token": newer}).status_code == 401


def test_token_without_session_is_listed_and_revoked(user: Any, other: Any) -> None:
    """As a refresh token; the list does not contain the token itself."""
    Program.log_in()
    issued = Program.issued_for(user)
    (found,) = credentials(user)
    assert (found.kind, found.label) == ("simplejwt", "Refresh token")
    assert issued.refresh not in repr(found)
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    assert dict(end_sessions(Target.credential(user, found.id)).ended) == {"simplejwt": 1}
    assert Client().post("/jwt/stock-refresh/", {"refresh": issued.refresh}).status_code == 401


def test_token_session_can_be_ended_as_credential(user: Any, other: Any) -> None:
    """By its owner only; its refresh token is blacklisted."""
    program = Program.log_in()
    family = LoginSession.objects.get().pk
    assert end_sessions(Target.credential(other, family)).event is None
    assert dict(end_sessions(Target.credential(user, family)).ended) == {"simplejwt": 1}
    assert (program.works, BlacklistedToken.objects.count()) == (False, 1)


def test_refresh_adopts_token_without_session(user: Any) -> None:
    """Refreshing it again gives tokens of the same session."""
    issued = Program.issued_for(user)
    one, row = issued.exchange(), LoginSession.objects.get()
    assert (row.kind, row.user) == ("simplejwt", user)
    assert one.works
    end_sessions(Target.session(row.pk))
    assert not one.works


def test_token_issued_by_code_in_browser_ends_with_it(ann: Client) -> None:
    """The refresh token, and those that replaced it."""
    issued = Program(**ann.post("/jwt/in-browser/").json())
    another = Program(**ann.post("/jwt/in-browser/").json())
    child = issued.exchange()
    ann.post(LOGOUT)
    assert child.refused() == "user"
    answer = Client().post("/jwt/refresh/", {"refresh": another.refresh})
    assert answer.status_code == 401


def test_bindings_are_deleted_with_session(ann: Client) -> None:
    """There is one for each login."""
    Program.log_in(client=ann)
    assert list(CredentialBinding.objects.values_list("kind", flat=True)) == ["simplejwt"]
    LoginSession.objects.filter(kind="session").delete()
    assert not CredentialBinding.objects.exists()


class TestContract(RevokerContract):
    """The contract of every revoker, with refresh tokens that name no session."""

    revoker = SimpleJwtRevoker
    many = 400  # SQLite takes 499 in one statement.

    def make(self, user: Any) -> str:
        return Program.issued_for(user).refresh

    def make_in_session(self, client: Client) -> str:
        return str(client.post("/jwt/in-browser/").json()["refresh"])

    def works(self, credential: str) -> bool:
        status = Client().post("/jwt/verify/", {"token": credential}).status_code
        assert status in {200, 400}
        return status == 200
