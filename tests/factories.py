"""Users and their sessions, made without a login: few of them, or very many."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db.models import Max
from django.utils import timezone

from django_logout.models import Cutoff, LoginSession
from django_logout.sessions import engines


def make_crowd(users: int, sessions: int = 1) -> Any:
    """So many users with so many sessions each, in the registry and in the engine's table; gives
    them as a queryset."""
    model, name = get_user_model(), uuid4().hex
    made = [model(username=f"{name}-{number}", password="!") for number in range(users)]
    model.objects.bulk_create(made)
    crowd = model.objects.filter(username__startswith=f"{name}-")
    for user in crowd.iterator():
        make_rows(user, sessions, save=False)
    save_rows()
    return crowd


_rows: list[LoginSession] = []


def make_rows(user: Any, number: int, *, save: bool = True, **facts: Any) -> list[LoginSession]:
    """So many sessions of one user."""
    until = timezone.now() + timedelta(days=1)
    local = engines.current_engine().model is not None
    newest = Cutoff.objects.aggregate(number=Max("pk"))["number"]
    made = [
        LoginSession(
            **{
                "user": user,
                "session_key": uuid4().hex if local else "",
                "expires_at": until,
                "newest_cutoff": newest or 0,
                **facts,
            }
        )
        for _ in range(number)
    ]
    _rows.extend(made)
    if save:
        save_rows()
    return made


def save_rows() -> None:
    """Write what has been made, and a row of the session table for each that has a key."""
    LoginSession.objects.bulk_create(_rows, batch_size=5000)
    keyed = [row for row in _rows if row.session_key and row.ended_at is None]
    Session.objects.bulk_create(
        [
            Session(session_key=r.session_key, session_data="", expire_date=r.expires_at)
            for r in keyed
        ],
        batch_size=5000,
    )
    _rows.clear()


def users_named(*names: str) -> Any:
    """Return the users with these names."""
    return get_user_model().objects.filter(username__in=names)
