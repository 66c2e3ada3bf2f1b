"""Which sessions a notice of the provider ends, and that it is neither lost nor done twice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.exceptions import SessionNotEnded
from django_logout.federation import receive
from django_logout.federation.models import ProviderLink, ProviderNotice
from django_logout.models import LoginSession, LogoutEvent
from tests.projects.federation.conftest import ISSUER, log_in, send, token, who

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def not_ended() -> Iterator[None]:
    """No session can be ended."""
    with mock.patch.object(receive.pipeline, "end_sessions", side_effect=SessionNotEnded("down")):
        yield


def test_one_session_of_two_ends(user: Any, engine: str) -> None:
    """BCL-17: by ``sid``, on every engine, replayed cookie included (BCL-28)."""
    one, two = log_in(user, sid="A"), log_in(user, sid="B")
    thief = Client()
    thief.cookies.update(one.cookies)
    assert send(token(sid="A", sub=None)).status_code == 200
    assert who(one, thief, two) == ["", "", "ann"]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions, event.complete) == ("provider", 1, True)
    assert ProviderNotice.objects.get().event == event


def test_all_sessions_of_the_subject_end(user: Any, django_user_model: Any) -> None:
    """BCL-17: without ``sid``. Those of others, and those that were logged in here, do not."""
    here, other = Client(), django_user_model.objects.create_user("bob")
    here.force_login(user)
    browsers = [log_in(user, sid="A"), log_in(user), log_in(other, subject="2", sid="C"), here]
    assert send(token(sub="1")).status_code == 200
    assert who(*browsers) == ["", "", "bob", "ann"]


@pytest.mark.parametrize(
    "meant",
    [
        {"sid": "a", "sub": None},
        {"sid": "A", "sub": "2"},
        {"sid": "A ", "sub": None},
        {"sub": "1 "},
    ],
)
def test_nobody_else_is_meant(user: Any, meant: Any) -> None:
    """BCL-16, BCL-18: a stranger's name ends nothing, and is answered with 200. Case counts."""
    browser = log_in(user, sid="A")
    assert send(token(**meant)).status_code == 200
    assert who(browser) == ["ann"]


def test_unknown_session_is_not_taken_for_its_user(user: Any, set_provider: Any) -> None:
    """Unless the provider's ID tokens have no ``sid``, and the setting says so."""
    plain, other = log_in(user), log_in(user, sid="B")
    assert send(token(sid="A")).status_code == 200
    assert who(plain, other) == ["ann", "ann"]
    set_provider(SID_OPTIONAL=True)
    assert send(token(sid="A")).status_code == 200
    assert who(plain, other) == ["", "ann"]


def test_session_that_began_later_is_not_meant(user: Any) -> None:
    """BCL-25: by the provider's clock, whatever ours says."""
    now = time.time()
    before, after = log_in(user, sid="A", iat=now - 50), log_in(user, sid="A", iat=now + 50)
    assert send(token(sid="A", iat=int(now))).status_code == 200
    assert who(before, after) == ["", "ann"]


def test_session_without_a_time_of_the_provider(user: Any) -> None:
    """Our clock has to do, with the leeway."""
    old = log_in(user, sid="A")
    ProviderLink.objects.update(linked_at=timezone.now() - timedelta(minutes=1))
    new = log_in(user, sid="A")
    assert send(token(sid="A", iat=int(time.time()) - 50)).status_code == 200
    assert who(old, new) == ["", "ann"]


def test_replay_is_refused(user: Any) -> None:
    """BCL-13: once it is handled."""
    raw = token()
    assert [send(raw).status_code for _ in range(3)] == [200, 400, 400]
    assert ProviderNotice.objects.count() == 1


def test_same_jti_of_another_issuer_is_another(user: Any, settings: Any) -> None:
    """BCL-13: per issuer."""
    assert send(token(jti="J")).status_code == 200
    ProviderNotice.objects.update(digest="of another issuer")
    assert send(token(jti="J")).status_code == 200


def test_notice_is_worked_on_again_until_it_is_handled(user: Any, caplog: Any) -> None:
    """BCL-19: 400 if it cannot be done; the provider's next try is no replay."""
    browser, raw = log_in(user), token()
    with not_ended():
        assert send(raw).status_code == 400
    assert who(browser) == ["ann"]
    notice = ProviderNotice.objects.get()
    assert (notice.handled_at, notice.tries, notice.error) == (None, 1, "SessionNotEnded")
    assert send(raw).status_code == 200
    assert who(browser) == [""]
    assert send(raw).status_code == 400


def test_open_notice_is_taken_up_by_the_command(user: Any, capsys: Any) -> None:
    """Whether the provider tries again or not."""
    browser = log_in(user)
    with not_ended():
        send(token())
        call_command("logout", "retry", "--dry-run")
        with pytest.raises(Exception, match="Still not complete"):
            call_command("logout", "retry")
    call_command("logout", "retry", "--dry-run")
    assert who(browser) == ["ann"]
    event = end_sessions(Target.user(user)).event
    call_command("logout", "retry", "--event", str(event and event.pk))
    assert ProviderNotice.objects.get().handled_at is None
    call_command("logout", "retry")
    assert ProviderNotice.objects.get().handled_at is not None
    call_command("logout", "retry")
    out = capsys.readouterr().out
    assert "would try op" in out
    assert "complete" in out


def test_database_that_is_down_is_no_success(user: Any, caplog: Any) -> None:
    """BCL-19: 400, never 500."""
    broken = mock.Mock(side_effect=DatabaseError("down"))
    with mock.patch.object(receive, "_store", broken):
        assert send(token()).status_code == 400
    assert "A logout token could not be worked on." in caplog.text


def test_login_in_progress_ends(user: Any) -> None:
    """BCL-26: the notice is there before the link."""
    now = int(time.time())
    assert send(token(sid="A", sub=None, iat=now)).status_code == 200
    browser = Client()
    browser.force_login(user)
    response = browser.get("/link/", {"sid": "A", "subject": "1", "iat": now - 5})
    assert response.status_code != 200
    assert who(browser) == [""]
    assert LogoutEvent.objects.get().reason == "provider"


@pytest.mark.parametrize("facts", [{"iat": 60}, {"sid": "B", "iat": -60}])
def test_login_that_is_not_meant_stays(user: Any, facts: Any) -> None:
    """It is of another session there, or began after the notice."""
    now = int(time.time())
    assert send(token(sid="A", sub="1", iat=now)).status_code == 200
    browser = log_in(user, **{"sid": "A", **facts, "iat": now + facts["iat"]})
    assert who(browser) == ["ann"]


def test_login_in_a_transaction_ends_after_its_commit(user: Any, settings: Any) -> None:
    """The same with ``ATOMIC_REQUESTS``."""
    with mock.patch.dict(connection.settings_dict, ATOMIC_REQUESTS=True):
        assert send(token(sub="1", iat=int(time.time()) + 5)).status_code == 200
        browser = Client()
        browser.force_login(user)
        browser.get("/link/", {"subject": "1"})
    assert who(browser) == [""]


def test_login_that_cannot_be_ended_fails(user: Any) -> None:
    """The browser gets no session that the provider has logged out."""
    assert send(token(sub="1", iat=int(time.time()) + 5)).status_code == 200
    browser = Client()
    browser.force_login(user)
    for atomic in (True, False):
        with mock.patch.dict(connection.settings_dict, ATOMIC_REQUESTS=atomic), not_ended():
            assert browser.get("/link/", {"subject": "1"}).status_code == 503


def test_budget(user: Any) -> None:
    """Design 5: an insert, the door, an update. A login with a link costs two queries more."""
    browser = Client()
    browser.force_login(user)
    with CaptureQueriesContext(
        connection,
    ) as without:
        browser.get("/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/link/", {"subject": "1"})
    ours = [q["sql"] for q in queries if "django_logout_federation" in q["sql"]]
    assert len(ours) == 2
    with CaptureQueriesContext(connection) as queries:
        browser.get("/")
        assert not [q for q in queries if "federation" in q["sql"]]
    assert len(queries) == len(without)
    with CaptureQueriesContext(connection) as queries:
        assert send(token()).status_code == 200
    verbs = [q["sql"].split()[0] for q in queries if "django_logout_federation" in q["sql"]]
    # The question for the sessions and the UPDATE that ends them name links, as a condition.
    assert verbs.count("INSERT") == 1
    assert len(verbs) <= 6


def test_session_without_a_link_costs_nothing(user: Any) -> None:
    """Neither a page nor a logout asks for links."""
    browser = Client()
    browser.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        browser.get("/")
        browser.post("/accounts/logout/")
    asked = [q["sql"] for q in queries if "federation" in q["sql"]]
    assert asked == []


def test_id_token_is_forgotten_with_the_session(user: Any) -> None:
    """Also by the command, if the process that ended it died."""
    browser = log_in(user, sid="A")
    ProviderLink.objects.update(id_token="sealed")
    send(token(sid="A"))
    assert who(browser) == [""]
    assert ProviderLink.objects.get().id_token == ""
    ProviderLink.objects.update(id_token="sealed")
    call_command("logout", "retry")
    assert ProviderLink.objects.get().id_token == ""


def test_old_notices_are_pruned(user: Any, settings: Any) -> None:
    """Once they refuse nothing any more."""
    settings.LOGOUT = {**settings.LOGOUT, "RETENTION": 0}
    send(token())
    send(token())
    long_ago = timezone.now() - timedelta(days=400)
    new = ProviderNotice.objects.first()
    assert new is not None
    ProviderNotice.objects.exclude(pk=new.pk).update(expires_at=long_ago, received_at=long_ago)
    call_command("logout", "prune")
    assert ProviderNotice.objects.get() == new


def test_rows_are_named(user: Any, published: Any) -> None:
    """In the admin and the shell."""
    log_in(user, sid="A")
    send(token(sid="other", sub=None))
    assert str(ProviderLink.objects.get()) == "op: 1"
    assert str(ProviderNotice.objects.get()).startswith("op: 20")
    assert str(published) == ISSUER
    assert LoginSession.objects.filter(ended_at=None).count() == 1
    assert Reason("provider").label
