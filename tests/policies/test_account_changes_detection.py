"""Which saves are a change of the account, on whatever user model, and who made it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.signals import post_save, pre_delete, pre_save
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import isolate_apps

from django_logout import receivers
from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies import account_changes
from tests.urlconf import OUT, routes

UID = "django_logout.account"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What is known of model classes is found out again."""
    account_changes._relevant_fields.cache_clear()
    yield
    account_changes._relevant_fields.cache_clear()


def test_other_models_get_no_receivers() -> None:
    """Django deletes those without receivers in one statement."""
    for model in (LoginSession, LogoutEvent):
        assert not pre_delete.has_listeners(model)
        assert not pre_save.has_listeners(model)


@isolate_apps("tests.users")
def test_proxies_and_children_of_the_user_model_are_listened_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A child is deleted together with its parent, which tells of it; once is enough."""
    user_model: Any = get_user_model()

    class Nickname(user_model):
        class Meta:
            proxy = True
            app_label = "users"

    class Member(user_model):
        parent = models.OneToOneField(
            user_model, models.CASCADE, parent_link=True, related_name="+"
        )

        class Meta:
            app_label = "users"

    monkeypatch.setattr(
        "django_logout.receivers.apps.get_models", lambda: [Nickname, Member, LogoutEvent]
    )
    receivers.connect_user_model()
    try:
        assert pre_save.has_listeners(Nickname)
        assert pre_delete.has_listeners(Nickname)
        assert post_save.has_listeners(Member)
        assert not pre_delete.has_listeners(Member)
        assert not pre_save.has_listeners(LogoutEvent)
    finally:
        for model in (Nickname, Member):
            for signal in (pre_save, post_save, pre_delete):
                signal.disconnect(sender=model, dispatch_uid=UID)


@isolate_apps("tests.users")
def test_models_without_password_or_flag_are_never_asked_for() -> None:
    """Nothing that Django stores of them can shut anybody out."""

    class Passwordless(AbstractBaseUser):
        password: Any = None
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "users"

    class Badge(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "users"

    assert account_changes._saved_fields(Passwordless, None) == set()
    assert account_changes._saved_fields(Badge, None) == set()


@isolate_apps("tests.users")
def test_what_the_project_computes_may_depend_on_any_field() -> None:
    """All but the time of the last login are compared."""

    class Computed(AbstractBaseUser):
        state: Any = models.CharField(max_length=9)

        @property
        def is_active(self) -> bool:  # type: ignore[override]
            return self.state == "in"

        class Meta:
            app_label = "users"

    assert account_changes._saved_fields(Computed, None) == {"id", "password", "state"}
    assert account_changes._saved_fields(Computed, ["last_login"]) == set()
    before, after = Computed(state="in"), Computed(state="out")
    assert account_changes.reason_of(before, after) == "disabled"
    assert account_changes.reason_of(after, before) is None


@isolate_apps("tests.users")
def test_a_password_counts_without_djangos_hash_of_it() -> None:
    """A user model of a project's own making."""

    class Own(models.Model):  # noqa: DJ008
        password: Any = models.CharField(max_length=9)

        class Meta:
            app_label = "users"

    assert account_changes._saved_fields(Own, None) == {"password"}
    assert account_changes.reason_of(Own(password="a"), Own(password="b")) == "password_changed"
    assert account_changes.reason_of(Own(password="a"), Own(password="a")) is None


def test_what_is_in_memory_only_changes_nothing(user: Any, monkeypatch: Any) -> None:
    """A project that mixes a field of its own into the session hash: it counts once written."""
    hashed = lambda self: f"{self.password}{self.last_name}"  # noqa: E731
    monkeypatch.setattr(get_user_model(), "get_session_auth_hash", hashed)
    account_changes._relevant_fields.cache_clear()
    user.last_name = "changed"
    user.save(update_fields=["email"])
    assert not LogoutEvent.objects.exists()
    user.save()
    # The password is the same, and is not said to have changed.
    assert LogoutEvent.objects.get().reason == "factor_changed"
    user.set_password("new")
    user.save()
    assert LogoutEvent.objects.latest("created_at").reason == "password_changed"


def test_overwritten_row_is_a_change(user: Any) -> None:
    """An object that was not loaded, with the key of one that is there."""
    fields = {"pk": user.pk, "date_joined": user.date_joined, "username": "ann"}
    get_user_model()(password="another", **fields).save(force_update=True)
    assert LogoutEvent.objects.get().reason == "password_changed"


def test_fixtures_and_other_databases_are_left_alone(user: Any) -> None:
    """A fixture may be half loaded; a copy in an archive is not the account."""
    user.set_password("new")
    for raw, using in ((True, "default"), (False, "archive")):
        account_changes.before_save(type(user), user, raw=raw, using=using, update_fields=None)
    account_changes.before_delete(type(user), user, using="archive")
    account_changes.after_save(type(user), user)
    assert not LogoutEvent.objects.exists()


def test_a_save_that_failed_is_forgotten(user: Any) -> None:
    """What it would have changed does not come with a later save."""
    user.is_active = False
    account_changes.before_save(type(user), user, raw=False, using="default", update_fields=None)
    user.save(update_fields=["last_login"])
    assert not LogoutEvent.objects.exists()


def test_who_did_it_is_on_record(user: Any, other: Any, settings: Any) -> None:
    """An administrator in the browser: the actor, the address; and their own session stays."""

    def disable(request: HttpRequest) -> HttpResponse:
        request.session["seen"] = True
        user.is_active = False
        user.save()
        return HttpResponse()

    settings.ROOT_URLCONF = routes(disable)
    settings.LOGOUT = {"DELETE_COOKIES": ["theirs"]}
    browser = Client(headers={"user-agent": "Probe"})
    browser.force_login(other)
    browser.cookies["theirs"] = "kept"
    response = browser.get(OUT)
    event = LogoutEvent.objects.get()
    assert (event.actor, event.user, event.user_agent) == (other, user, "Probe")
    assert "theirs" not in response.cookies, "the browser is not that of the account"
    assert browser.get("/private/").status_code == 200


def test_a_token_is_no_session(user: Any, settings: Any) -> None:
    """An API client who changes the password has no session to keep: all of them end."""

    def change(request: HttpRequest) -> HttpResponse:
        request.user = user
        user.set_password("new")
        user.save()
        return HttpResponse()

    settings.ROOT_URLCONF = routes(change)
    Client().force_login(user)
    Client().get(OUT)
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert LogoutEvent.objects.get().actor == user


def test_an_outage_keeps_no_old_password(user: Any, settings: Any, caplog: Any) -> None:
    """The cache that remembers sessions is down: the change is made, the ending is left to the
    next request, and the log says so. Django refuses the session meanwhile."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}
    user.set_password("new")
    user.save()
    user.refresh_from_db()
    assert user.check_password("new")
    assert "could not be ended" in caplog.text


def test_unreadable_session_does_not_keep_the_old_password(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose request it is remains unknown; all sessions end."""

    def fail(self: Any) -> None:
        raise OSError

    def change(request: HttpRequest) -> HttpResponse:
        user.set_password("new")
        user.save()
        return HttpResponse()

    settings.ROOT_URLCONF = routes(change)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    browser = Client()
    browser.force_login(user)
    monkeypatch.setattr("django.contrib.sessions.backends.signed_cookies.SessionStore.load", fail)
    browser.get(OUT)
    event = LogoutEvent.objects.get()
    assert (event.sessions, event.actor) == (1, None)


def test_a_new_user_with_a_key_of_its_own_is_no_change(db: None) -> None:
    """There is no row to compare with yet."""
    get_user_model()(pk=uuid4().int % 2**31, username="new", password="x").save()
    assert not LogoutEvent.objects.exists()
