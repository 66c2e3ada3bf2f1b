"""F30, F31: what ends JSON web tokens of simplejwt, and what does not."""

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
from tests.mails import IPHONE, LINUX, NEW, log_in, subjects
from tests.pages import LOGOUT, signed_in
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_login_for_tokens_is_a_login_session(user: Any) -> None:
    """With its device, and no key."""
    Program.log_in(**{"User-Agent": "curl/8.5"})
    row = LoginSession.objects.get()
    assert (row.user, row.kind, row.device, row.session_key) == (user, "simplejwt", "curl", "")
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(86400, abs=5)


def test_a_login_for_tokens_on_a_new_device_is_told(user: Any, settings: Any) -> None:
    """Or that device would be known, and its owner's login by the form not be told either. What is
    obtained in a browser is that browser's."""
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


def test_everywhere_ends_it(user: Any, other: Any) -> None:
    """F30: access and refresh tokens, the newest and those before it; and nobody else's."""
    first = Program.log_in()
    second, theirs = first.exchange(), Program.log_in("bob")
    result = end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (first.refused(), second.refused(), theirs.works) == ("admin", "admin", True)
    assert result.event is not None
    assert dict(result.ended) == {"simplejwt": 1}
    assert result.event.outcomes["simplejwt"] == {"ended": 1, "error": ""}
    assert (result.event.sessions, result.event.outcomes["session"]["ended"]) == (0, 0)


def test_an_ended_login_is_told_so(user: Any) -> None:
    """401, with problem details: why, and where to log in."""
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


def test_one_login_of_several(user: Any) -> None:
    """By its id, as the page of sessions ends it."""
    one, two = Program.log_in(), Program.log_in()
    first = LoginSession.objects.order_by("created_at")[0]
    result = end_sessions(Target.session(first.pk))
    assert (one.works, two.works, dict(result.ended)) == (False, True, {"simplejwt": 1})


def test_logging_out_here_leaves_what_a_program_has_obtained(ann: Client) -> None:
    """It has nothing to do with this browser."""
    program = Program.log_in()
    ann.post(LOGOUT)
    assert (program.works, signed_in(ann)) == (True, "")


def test_obtained_in_a_browser_it_ends_with_it(ann: Client, user: Any) -> None:
    """With this one, not with another; whatever the tokens have been exchanged for."""
    elsewhere = Client()
    elsewhere.force_login(user)
    program = Program.log_in(client=ann).exchange()
    elsewhere.post(LOGOUT)
    assert program.works
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1, "simplejwt": 1}
    assert program.refused() == "user"


def test_in_a_browser_of_somebody_else_it_is_its_own(ann: Client, other: Any) -> None:
    """Only the same user's login is the same login."""
    program = Program.log_in("bob", client=ann)
    ann.post(LOGOUT)
    assert program.works


def test_ended_by_its_id_it_leaves_the_browser(ann: Client) -> None:
    """The browser's session is not a part of the program's."""
    program = Program.log_in(client=ann)
    end_sessions(Target.session(LoginSession.objects.get(kind="simplejwt").pk))
    assert (program.works, signed_in(ann)) == (False, "ann")


def test_the_others_end_without_those_of_this_browser(ann: Client) -> None:
    """What this session has obtained stays, refresh tokens included."""
    mine, another = Program.log_in(client=ann), Program.log_in()
    ann.post("/accounts/sessions/end-others/")
    assert (mine.works, another.works) == (True, False)
    assert mine.exchange().works


def test_changed_password_ends_it(user: Any) -> None:
    """F30."""
    program = Program.log_in().exchange()
    user.set_password("new")
    user.save()
    assert program.refused() == "password_changed"


def test_disabled_and_deleted(user: Any, other: Any) -> None:
    """Said by us before the library finds nobody; where the user's rows are gone, nobody knows why."""
    mine, theirs = Program.log_in(), Program.log_in("bob")
    user.is_active = False
    user.save()
    other.delete()
    assert mine.refused() == "disabled"
    assert theirs.refused() == "unknown"


def test_everyone(user: Any, other: Any) -> None:
    """One write; whoever logs in afterwards is served."""
    programs = [Program.log_in(), Program.log_in("bob")]
    issued = Program.issued_for(user)
    result = end_sessions(Target.everyone())
    assert [program.works for program in (*programs, issued)] == [False] * 3
    assert dict(result.ended) == {"simplejwt": 3}  # and the refresh token of no login
    assert Program.log_in().works


def test_many_users(user: Any, other: Any) -> None:
    """As an administrator chooses them."""
    mine, theirs, old = Program.log_in(), Program.log_in("bob"), Program.issued_for(user)
    end_sessions(Target.users(get_user_model().objects.filter(username="ann")))
    assert (mine.works, old.works, theirs.works) == (False, False, True)


def test_the_command_reaches_it(user: Any, capsys: Any) -> None:
    """And shows what it is."""
    program = Program.log_in()
    call_command("logout", "list")
    assert "simplejwt" in capsys.readouterr().out
    call_command("logout", "end", "--user", "ann")
    assert program.refused() == "command"


def test_djangos_logout_called_by_an_api_ends_the_login(user: Any) -> None:
    """By which the caller was let in; as ``dj-rest-auth`` does it."""
    program, another = Program.log_in(), Program.log_in()
    assert program.post("/jwt/logout/").status_code == 200
    assert (program.refused(), another.works) == ("user", True)
    assert LogoutEvent.objects.get().scope == "current"


def test_giving_back_any_refresh_token_logs_out(user: Any) -> None:
    """F31: the one the client knew has been exchanged meanwhile; its child is ended with it."""
    first = Program.log_in()
    second, another = first.exchange(), Program.log_in()
    assert Client().post("/jwt/blacklist/", {"refresh": first.refresh}).status_code == 200
    assert (second.refused(), another.works) == ("user", True)
    assert LogoutEvent.objects.get().actor == user


def test_an_access_token_cannot_be_given_back(user: Any) -> None:
    """It is no refresh token, and ends nothing."""
    program = Program.log_in()
    assert Client().post("/jwt/blacklist/", {"refresh": program.access}).status_code == 401
    assert program.works


def test_giving_back_a_token_of_no_login(user: Any) -> None:
    """Is the library's business."""
    program = Program.issued_for(user)
    assert Client().post("/jwt/blacklist/", {"refresh": program.refresh}).status_code == 200
    assert Client().post("/jwt/refresh/", {"refresh": program.refresh}).status_code == 401


def test_who_is_signed_in_with_a_token_is_shown_as_the_current_login(user: Any) -> None:
    """And is what "the others" spares."""
    here, there = Program.log_in(), Program.log_in()
    request = here.ask().wsgi_request
    request.user = user
    end_sessions(Target.others(request))
    assert (here.works, there.works) == (True, False)
    assert here.exchange().works


def test_the_librarys_own_refresh_is_refused_too(user: Any) -> None:
    """Its tokens are blacklisted: in bulk, those of the login, or of the user."""
    mine, another = Program.log_in(), Program.log_in()
    for program in (mine, another):
        assert program.exchange("/jwt/stock-refresh/").works
    LoginSession.objects.all().delete()
    BlacklistedToken.objects.all().delete()
    one, two = Program.log_in(), Program.log_in().exchange()
    first = LoginSession.objects.order_by("created_at")[0]
    end_sessions(Target.session(first.pk))
    assert BlacklistedToken.objects.count() == 2  # and the one that was exchanged
    end_sessions(Target.user(user))
    assert not OutstandingToken.objects.filter(blacklistedtoken=None).exists()
    for program in (one, two):
        answer = Client().post("/jwt/stock-refresh/", {"refresh": program.refresh})
        assert answer.status_code == 401


def test_what_nobody_checks_lives_until_it_expires(user: Any) -> None:
    """An access token, met by the library's own authentication: why there is ours."""
    program = Program.log_in()
    end_sessions(Target.user(user))
    assert program.ask("/api/unchecked/").status_code == 200


def test_sliding_tokens(user: Any) -> None:
    """One token that is both."""
    data = {"username": "ann", "password": "pw"}
    token = Client().post("/jwt/sliding/", data).json()["token"]
    newer = Client().post("/jwt/sliding/refresh/", {"token": token}).json()["token"]
    programs = [Program(each, each) for each in (token, newer)]
    assert all(program.works for program in programs)
    end_sessions(Target.user(user))
    assert not any(program.works for program in programs)
    assert Client().post("/jwt/sliding/refresh/", {"token": newer}).status_code == 401


def test_a_token_of_no_login_is_listed_and_can_be_ended(user: Any, other: Any) -> None:
    """Its refresh token; never shown itself."""
    Program.log_in()
    issued = Program.issued_for(user)
    (found,) = credentials(user)
    assert (found.kind, found.label) == ("simplejwt", "Refresh token")
    assert issued.refresh not in repr(found)
    assert dict(end_sessions(Target.credential(other, found.id)).ended) == {}
    assert dict(end_sessions(Target.credential(user, found.id)).ended) == {"simplejwt": 1}
    assert Client().post("/jwt/stock-refresh/", {"refresh": issued.refresh}).status_code == 401


def test_a_login_can_be_ended_as_the_credential_that_was_presented(user: Any, other: Any) -> None:
    """By its owner only; its refresh token is blacklisted with it."""
    program = Program.log_in()
    family = LoginSession.objects.get().pk
    assert end_sessions(Target.credential(other, family)).event is None
    assert dict(end_sessions(Target.credential(user, family)).ended) == {"simplejwt": 1}
    assert (program.works, BlacklistedToken.objects.count()) == (False, 1)


def test_a_refresh_token_of_no_login_is_adopted_when_it_is_exchanged(user: Any) -> None:
    """Whoever exchanges it twice gets tokens of the same login."""
    issued = Program.issued_for(user)
    one, row = issued.exchange(), LoginSession.objects.get()
    assert (row.kind, row.user) == ("simplejwt", user)
    assert one.works
    end_sessions(Target.session(row.pk))
    assert not one.works


def test_obtained_by_code_in_a_browser_it_ends_with_it(ann: Client) -> None:
    """Refresh tokens do, and what they have been exchanged for."""
    issued = Program(**ann.post("/jwt/in-browser/").json())
    another = Program(**ann.post("/jwt/in-browser/").json())
    child = issued.exchange()
    ann.post(LOGOUT)
    assert child.refused() == "user"
    answer = Client().post("/jwt/refresh/", {"refresh": another.refresh})
    assert answer.status_code == 401


def test_ties_go_with_the_session(ann: Client) -> None:
    """One for each login."""
    Program.log_in(client=ann)
    assert list(CredentialBinding.objects.values_list("kind", flat=True)) == ["simplejwt"]
    LoginSession.objects.filter(kind="session").delete()
    assert not CredentialBinding.objects.exists()


class TestContract(RevokerContract):
    """What every revoker keeps, of refresh tokens that are of no login."""

    revoker = SimpleJwtRevoker
    many = 400  # SQLite takes 499 at a time

    def make(self, user: Any) -> str:
        return Program.issued_for(user).refresh

    def make_in_session(self, client: Client) -> str:
        return str(client.post("/jwt/in-browser/").json()["refresh"])

    def works(self, credential: str) -> bool:
        status = Client().post("/jwt/verify/", {"token": credential}).status_code
        assert status in {200, 400}
        return status == 200
