"""What other apps add: a verb, retries and clean-ups that are registered in
``django_logout.hooks``."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from django_logout import hooks
from django_logout.hooks import Attempt, Cleanup
from tests.management.command import run

#: The text of the help, as a verb has it.
HELP = "Greet."


def add_arguments(parser: CommandParser) -> None:
    """This module is a verb, without options of its own."""


def handle(command: BaseCommand, **options: Any) -> None:
    """Write to stdout, as any verb does."""
    command.stdout.write("Hello.")


def test_a_module_becomes_a_verb_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is the last part of the path."""
    monkeypatch.setattr(hooks, "verbs", [__name__])
    assert run("test_hooks").out == "Hello.\n"
    monkeypatch.setattr(hooks, "verbs", [])
    assert "invalid choice: 'test_hooks'" in run("test_hooks").error


@pytest.mark.django_db(transaction=True)
def test_retries_are_run_with_the_options_of_the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt is printed, and one that fails again makes the command fail."""
    calls = []

    def retry(event_ids: Any, *, now: bool, dry_run: bool) -> Iterator[Attempt]:
        calls.append((event_ids, now, dry_run))
        yield Attempt("4711", ["https://client.example.com"])
        yield Attempt("4712", [])

    monkeypatch.setattr(hooks, "retries", [retry])
    said = run("retry", "--now")
    assert said.out == "4711: failed again: https://client.example.com\n4712: complete\n"
    assert (said.code, said.error) == (3, "Still not complete: 1 of 2 events.")
    assert run("retry", "--dry-run").code == 0
    assert calls == [([], True, False), ([], False, True)]


@pytest.mark.django_db(transaction=True)
def test_cleanups_delete_rows_that_are_older_than_the_retention(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """They are counted, and printed after the rows of this package."""

    def rows(limit: datetime) -> QuerySet[Session]:
        return Session.objects.filter(expire_date__lt=limit)

    monkeypatch.setattr(hooks, "cleanups", [Cleanup("carts", rows)])
    settings.LOGOUT = {"RETENTION": timedelta(days=30)}
    for days in (1, 40, 50):
        then = timezone.now() - timedelta(days=days)
        Session.objects.create(session_key=f"{days}", session_data="", expire_date=then)
    would = run("prune", "--dry-run").out
    assert would.endswith(
        "Would delete the rows of sessions: 0, events: 0, cutoffs: 0, carts: 2.\n"
    )
    assert Session.objects.count() == 3
    assert run("prune", "--json").json["carts"] == 2
    assert Session.objects.get().session_key == "1"


def test_app_that_is_not_installed_has_no_models() -> None:
    """Django would take them for models of "django_logout", whose rows could not be deleted then."""
    with pytest.raises(ImproperlyConfigured, match=r'Add "django_logout.federation" to INSTALLED'):
        import_module("django_logout.federation.models")
    assert not any(model.__name__ == "ProviderLink" for model in apps.get_models())


def test_finishers_are_called_after_each_verb(
    db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after one that has failed: it may have begun something before."""
    called: list[str] = []
    monkeypatch.setattr(hooks, "finishers", [lambda: called.append(capsys.readouterr().out)])
    call_command("logout", "list", "--json")
    with pytest.raises(CommandError):
        call_command("logout", "end", "--user", "no one")
    assert len(called) == 2
    assert "sessions" in called[0]
