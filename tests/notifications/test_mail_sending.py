"""How mails are sent: in whose language, with which link, and what comes of a mailer that fails."""

import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import django
import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import override_script_prefix
from django.urls import include, path
from django.utils import timezone, translation

from django_logout import Reason, Target, end_sessions
from tests.clients import EVERYWHERE, logged_in_as
from tests.mails import IPHONE, log_in, subjects
from tests.urlconf import routes
from tests.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db(transaction=True)


urlpatterns = [
    *site_urls[:-1],
    *i18n_patterns(path("accounts/", include("django_logout.urls"))),
]


class FailingBackend(BaseEmailBackend):
    """A mail server that does not answer."""

    def send_messages(self, email_messages: Any) -> int:
        """Fail."""
        raise ConnectionRefusedError("no mail server")


@pytest.fixture(autouse=True)
def both(settings: Any) -> None:
    """A site that wants every mail there is."""
    settings.LOGOUT = {"NOTIFY": ["new_device", "sessions_ended"]}


@pytest.fixture
def user(user: Any) -> Any:
    """Ann, who has an address."""
    user.email = "ann@example.com"
    user.save()
    return user


def test_mailer_that_fails_fails_nothing_else(
    user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the login nor the ending; it is logged."""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": f"{__name__}.FailingBackend"}}
    else:
        settings.EMAIL_BACKEND = f"{__name__}.FailingBackend"
    log_in()

    with caplog.at_level(logging.ERROR):
        phone = log_in(IPHONE)
        assert "no mail server" in caplog.text
        caplog.clear()
        result = end_sessions(Target.user(user), reason=Reason.ADMIN)

    assert result.complete
    assert logged_in_as(phone) == ""
    assert "no mail server" in caplog.text


def test_login_survives_whatever_the_mail_runs_into(
    user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Even before anything is sent."""
    log_in()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no URLs today")

    monkeypatch.setattr("django_logout.notifications.mail.reverse_here", broken)
    log_in(IPHONE)

    assert "no URLs today" in caplog.text
    assert subjects() == []


@pytest.fixture
def sites(transactional_db: None, settings: Any) -> Iterator[Any]:
    """A project with Django's sites."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.sites"]
    site = import_module("django.contrib.sites.models").Site
    with connection.schema_editor() as editor:
        editor.create_model(site)
    site.objects.clear_cache()
    yield site
    with connection.schema_editor() as editor:
        editor.delete_model(site)


def test_sites_framework_says_where_the_site_is(user: Any, settings: Any, sites: Any) -> None:
    """Not the request, which may have come to another name; without one it is HTTPS."""
    log_in()
    site = sites.objects.create(domain="cars.example", name="The cars")
    settings.SITE_ID = site.pk

    log_in(IPHONE)
    end_sessions(Target.user(user), reason=Reason.COMMAND)

    assert "http://cars.example/accounts/sessions/not-me/" in mail.outbox[0].body
    assert "https://cars.example/accounts/sessions/not-me/" in mail.outbox[1].body
    assert mail.outbox[1].subject == "You have been logged out of cars.example"


def test_link_is_left_out_where_no_site_is_set_up(user: Any, sites: Any) -> None:
    """The mail goes all the same."""
    log_in()

    end_sessions(Target.user(user), reason=Reason.COMMAND)

    assert subjects() == ["You have been logged out"]


def test_link_is_left_out_of_requests_that_no_server_made(user: Any) -> None:
    """They have no host."""
    log_in()

    Client(headers={"user-agent": IPHONE}).force_login(user)

    assert subjects() == ["New login to your account"]


def test_link_is_left_out_where_the_site_is_unknown(user: Any) -> None:
    """An ending by a command: there is no request to know the address from."""
    log_in()

    end_sessions(Target.user(user), reason=Reason.COMMAND)

    (message,) = mail.outbox
    assert message.subject == "You have been logged out"
    assert "http" not in message.body
    assert "end all your sessions" in message.body


def test_link_is_left_out_where_there_is_no_such_page(user: Any, settings: Any) -> None:
    """A project with URLs of its own."""
    log_in()
    settings.ROOT_URLCONF = tuple(
        entry for entry in routes(lambda request: HttpResponse()) if "accounts" not in str(entry)
    )

    end_sessions(Target.user(user), reason="admin", request=RequestFactory().get("/"))

    assert "http" not in mail.outbox[0].body


def test_host_that_is_not_allowed_is_in_no_link(user: Any, settings: Any) -> None:
    """No mail links to a site that an attacker has chosen."""
    log_in()
    settings.ALLOWED_HOSTS = ["testserver"]
    request = RequestFactory().get("/", headers={"host": "evil.example"})

    end_sessions(Target.user(user), reason="admin", request=request)

    assert "http" not in mail.outbox[0].body


def test_mails_speak_the_users_language(user: Any, settings: Any) -> None:
    """The language is ``user.language`` if there is one, else the site's, never that of the
    request."""
    settings.LANGUAGE_CODE = "es"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    with translation.override("fr"):
        log_in()
        french = Client(headers={"accept-language": "fr"})
        log_in(IPHONE, client=french)
    assert "Dispositivo: " in mail.outbox[0].body

    type(user).language = "pt-br"
    try:
        with translation.override("fr"):
            end_sessions(Target.user(user), reason=Reason.ADMIN)
    finally:
        del type(user).language
    assert "Motivo: " in mail.outbox[1].body


def test_why_is_told_in_the_users_language(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not the language of the request, on the user's own pages or on an administrator's."""
    log_in(IPHONE)
    here = log_in()
    mail.outbox.clear()
    monkeypatch.setattr(type(user), "language", "pt-br", raising=False)

    here.post(EVERYWHERE)

    assert "Motivo: Alguém que estava conectado à sua conta" in mail.outbox[0].body


def test_link_is_in_the_language_of_the_user(user: Any, settings: Any) -> None:
    """Where URLs begin with one; and below the path that the site is served at."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    settings.ROOT_URLCONF, settings.LANGUAGE_CODE = __name__, "en"
    with translation.override("en"), override_script_prefix("/shop/"):
        log_in()
        stranger = Client(headers={"accept-language": "pt-br"})
        log_in(IPHONE, client=stranger)

    assert "http://testserver/shop/en/accounts/sessions/not-me/" in mail.outbox[0].body


def test_time_is_the_sites_not_the_callers(user: Any, settings: Any) -> None:
    """With its zone, so that it can be understood anywhere."""
    settings.TIME_ZONE = "America/Sao_Paulo"
    log_in()

    with timezone.override("Asia/Tokyo"):
        end_sessions(Target.user(user), reason=Reason.ADMIN)

    assert " -03\n" in mail.outbox[0].body
