"""What has become of the session once the view is done: ended again, registered again, let go."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model, login, update_session_auth_hash
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Reason, Target, end_sessions, logout
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import Page, before_us, copy_of, logged_in_as, unguarded_store
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def atomic_requests(monkeypatch: Any) -> None:
    """Views run in a transaction, which an error takes back."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


def flush(request: HttpRequest) -> HttpResponse:
    """A view of the project's that does without us."""
    request.session.flush()
    return HttpResponse()


def test_a_logout_that_was_rolled_back_is_done_again(
    engine: str, atomic_requests: None, ann: Client, settings: Any
) -> None:
    """F09's mend: something else in the request fails, and she is out all the same."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request)
        raise RuntimeError

    settings.ROOT_URLCONF = routes(view)
    ann.get("/write/")
    ann.raise_request_exception = False
    thief = copy_of(ann)

    assert ann.get(OUT).status_code == 500

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


def test_what_is_done_again_is_the_same(
    engine: str, atomic_requests: None, ann: Client, user: Any, settings: Any
) -> None:
    """Everywhere, and for the reason that was given."""

    def view(request: HttpRequest) -> HttpResponse:
        end_sessions(Target.user(user), reason=Reason.REPORTED, actor=user, request=request)
        raise RuntimeError

    settings.ROOT_URLCONF = routes(view)
    phone = Client()
    phone.force_login(user)
    ann.raise_request_exception = False

    assert ann.get(OUT).status_code == 500

    assert logged_in_as(ann) == logged_in_as(phone) == ""
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.actor) == (Reason.REPORTED, "user", user)


@pytest.mark.parametrize("engine_name", ["cache", "file", "signed_cookies"])
def test_a_login_whose_row_was_rolled_back_is_registered_again(
    client: Client, user: Any, settings: Any, tmp_path: Any, engine_name: str
) -> None:
    """The session lives outside the database: without a row it would be refused."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            login(request, user)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine_name}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    settings.ROOT_URLCONF = routes(view)

    client.get(OUT)

    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_a_login_whose_user_was_rolled_back_too_is_none(client: Client, settings: Any) -> None:
    """No browser is logged in as a user who does not exist."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            login(request, get_user_model().objects.create_user("new"))
            transaction.set_rollback(True)
        return HttpResponse()

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.ROOT_URLCONF = routes(view)

    client.get(OUT)

    assert logged_in_as(client) == ""
    assert not LoginSession.objects.exists()


def test_a_session_that_the_project_flushes_has_ended(
    engine: str, ann: Client, settings: Any
) -> None:
    """With its own reason, and copies of its cookie too."""
    settings.ROOT_URLCONF = routes(flush)
    ann.get("/write/")
    thief = copy_of(ann)

    ann.get(OUT)

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.get().reason == "flushed"


def test_changing_ones_own_password_keeps_one_in(engine: str, ann: Client, settings: Any) -> None:
    """Django's view rotates the key; the session goes on, the row follows it."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.set_password("new")
        request.user.save()
        update_session_auth_hash(request, request.user)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)

    ann.get(OUT)

    assert logged_in_as(ann) == "ann"
    end_sessions(Target.session(LoginSession.objects.get(ended_at=None).pk))
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize("save", [False, True], ids=["when modified", "every request"])
def test_reading_pages_saves_as_django_does(ann: Client, settings: Any, save: bool) -> None:
    """No cookie more, and none less."""
    settings.SESSION_SAVE_EVERY_REQUEST = save

    assert ("sessionid" in ann.get("/").cookies) is save
    assert "sessionid" in ann.get("/write/").cookies


def test_what_an_error_page_did_to_the_session_is_not_saved(ann: Client, settings: Any) -> None:
    """As in Django: a 500 writes nothing."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["count"] = 99
        return HttpResponse(status=500)

    settings.ROOT_URLCONF = routes(view)

    response = ann.get(OUT)

    assert "sessionid" not in response.cookies
    assert "count" not in ann.session


def test_a_key_that_was_rotated_is_no_changed_password(
    engine: str, ann: Client, settings: Any
) -> None:
    """A session that Django lets in by the key of before is flushed by the project."""
    settings.ROOT_URLCONF = routes(flush)
    ann.get("/write/")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    ann.get(OUT)

    assert LogoutEvent.objects.get().reason == Reason.FLUSHED


@pytest.mark.parametrize("cycles", [False, True], ids=["saved", "new key"])
def test_an_adoption_that_was_rolled_back_is_done_again(
    engine: str, user: Any, settings: Any, cycles: bool
) -> None:
    """Its session, which may live outside the database, claims an id by then."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            request.session["x"] = 1
            if cycles:
                update_session_auth_hash(request, request.user)
            else:
                request.session.save()
            transaction.set_rollback(True)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    client = before_us(user)
    client.get(OUT)
    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1


CHANGES = {
    "disabled": {"is_active": False},
    "password_changed": {"password": "md5$other$hash"},
}


@pytest.mark.parametrize("reason", CHANGES)
def test_an_account_that_was_changed_without_a_signal_ends_the_session(
    engine: str, ann: Client, user: Any, reason: str
) -> None:
    """By SQL, or by a queryset: Django refuses the session, so it has ended, and the reason is
    shown."""
    ann.get("/write/")
    thief, rows = copy_of(ann), get_user_model().objects.filter(pk=user.pk)
    rows.update(**CHANGES[reason])

    page = ann.get("/private/", follow=True)

    assert str(Reason(reason).label) in Page(page).text
    rows.update(is_active=True, password=user.password)
    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.get().reason == reason


def test_a_login_that_was_rolled_back_and_given_up_is_not_registered_again(
    client: Client, user: Any, settings: Any
) -> None:
    """The view has gone on as a guest."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            login(request, user)
            transaction.set_rollback(True)
        request.session.flush()
        return HttpResponse()

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.ROOT_URLCONF = routes(view)

    client.get(OUT)

    assert logged_in_as(client) == ""
    assert not LoginSession.objects.exists()


def test_a_copy_of_the_session_that_the_view_puts_in_place_is_checked(
    engine: str, ann: Client, user: Any, settings: Any
) -> None:
    """The session has ended meanwhile: the browser is told so, and the copy is not saved."""

    def view(request: HttpRequest) -> HttpResponse:
        copy = unguarded_store(request.session.session_key)
        copy["cart"] = 1
        end_sessions(Target.user(user), reason=Reason.REPORTED)
        request.session = copy
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    thief = copy_of(ann)

    page = ann.get(OUT, follow=True)

    assert str(Reason.REPORTED.label) in Page(page).text
    assert logged_in_as(ann) == logged_in_as(thief) == ""
