"""Sessions without an id are adopted for as long as one from before the installation may live."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from django_logout.models import Installation, LoginSession
from django_logout.sessions import adoption
from tests.clients import before_us, install_now, logged_in_as, login_keys, unguarded_store
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)

WEEKS = timedelta(weeks=2)  # Django's default for SESSION_COOKIE_AGE
SECOND = timedelta(seconds=1)


def session_without_id(user: Any) -> Client:
    """Return a browser that logged in now, by a process that runs without the package."""
    store = unguarded_store()
    store.update(login_keys(user))
    store.save()
    client = Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = store.session_key
    return client


def installed(ago: timedelta) -> None:
    """Record that the package was installed some time ago."""
    install_now()
    Installation.objects.update(installed_at=timezone.now() - ago)


def test_session_is_adopted_as_long_as_one_from_before_may_live(engine: str, user: Any) -> None:
    """After that there can be none, and the log says so."""
    client = before_us(user)
    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_session_without_id_is_refused_afterwards(
    engine: str, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why it is refused."""
    client = before_us(user)
    installed(WEEKS)
    assert logged_in_as(client) == ""
    assert not LoginSession.objects.exists()
    (message,) = {record.getMessage() for record in caplog.records}
    assert message.startswith("A session without an id of django-logout was refused: sessions with")


def test_adopted_session_is_served_after_the_adoption_has_ended(engine: str, user: Any) -> None:
    """It has an id by then."""
    client = before_us(user)
    assert logged_in_as(client) == "ann"
    installed(WEEKS)
    assert logged_in_as(client) == "ann"


def test_row_of_the_command_counts_too(user: Any, settings: Any) -> None:
    """It adopts sessions that make no request until later."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    client = before_us(user)
    assert run("adopt").out == "Adopted 1 of 1 session.\n"
    installed(WEEKS)
    assert logged_in_as(client) == "ann"


def test_command_adopts_nothing_afterwards(user: Any, settings: Any) -> None:
    """Its rows would let sessions in that no one can date."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    before_us(user)
    installed(WEEKS)
    said = run("adopt")
    assert said.out.startswith("Nothing was adopted: sessions without an id were accepted until ")
    assert run("adopt", "--json").json["refused"].startswith("sessions without an id")
    assert not LoginSession.objects.exists()


def test_nothing_is_adopted_if_the_installation_is_not_recorded(
    engine: str, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The row is lost, for example by ``manage.py flush``."""
    client = before_us(user)
    Installation.objects.all().delete()
    assert logged_in_as(client) == ""
    assert "it is not recorded when django-logout was installed" in caplog.text


@pytest.mark.parametrize("aware", [True, False])
def test_setting_moves_the_end(engine: str, user: Any, settings: Any, aware: bool) -> None:
    """Also where the installation is not recorded. A naive time is of the current time zone."""
    client = before_us(user)
    Installation.objects.all().delete()
    now = timezone.now() if aware else timezone.localtime().replace(tzinfo=None)
    settings.LOGOUT = {"ADOPT_UNTIL": now - SECOND}
    assert logged_in_as(client) == ""
    client = before_us(user)
    installed(10 * WEEKS)
    settings.LOGOUT = {"ADOPT_UNTIL": now + WEEKS}
    assert logged_in_as(client) == ("ann" if engine in {"db", "cached_db", "cache"} else "")


@pytest.mark.engines("file", "file-unshared", "signed_cookies", "signed_cookies-unshared")
def test_engine_that_knows_better_is_believed(
    engine: str, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A file has a time, and so has the signature of a cookie."""
    installed(10 * SECOND)
    client = session_without_id(user)
    assert logged_in_as(client) == ""
    assert "after the installation" in caplog.text
    if engine == "file":
        assert run("adopt").out == "Adopted 0 of 1 session.\n"


@pytest.mark.engines("db", "cached_db", "cache", "cache-local")
def test_other_engines_may_have_it_from_a_process_without_the_package(
    engine: str, user: Any
) -> None:
    """As while a new version is rolled out."""
    installed(10 * SECOND)
    assert logged_in_as(session_without_id(user)) == "ann"


def test_times_without_zone(user: Any, settings: Any) -> None:
    """A project may have none."""
    settings.USE_TZ = False
    installed(SECOND)
    assert adoption.adoption_window().why_refused() == ""
    assert adoption.adoption_window().why_refused(timezone.now())
    installed(WEEKS)
    assert not adoption.may_adopt()
