"""What the package hears, and who sees to it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal

from django_logout.signals import session_begun, session_ended
from django_logout.utils.lazy import later


def connect() -> None:
    """Connect the receivers."""
    _hear(user_logged_in, "policies.login_receivers.on_login", "login")
    _hear(user_logged_out, "policies.login_receivers.on_logout", "logout")
    # Django's logout() sends the signal before it ends anything, so a receiver that raises before
    # us would keep the user signed in (design law 4). And of a login that we refuse nobody is to
    # hear: Django would write when it was.
    for signal in (user_logged_in, user_logged_out):
        with signal.lock:
            signal.receivers.sort(key=_is_another)
            signal.sender_receivers_cache.clear()
    _hear(session_begun, "notifications.mail.on_login", "notify.login")
    _hear(session_ended, "notifications.mail.on_ending", "notify.ending")
    _hear(session_ended, "web.replay_detection.on_ending", "replay.ending")
    hear_of_users()


def hear_of_users() -> None:
    """Listen to the user model, its proxies and its children, and to no other model: Django
    deletes those that nobody listens to much faster."""
    root: Any = get_user_model()._meta.concrete_model
    for model in apps.get_models():
        if issubclass(model, root):
            _hear(pre_save, "policies.account_changes.before_save", "account", sender=model)
            _hear(post_save, "policies.account_changes.after_save", "account", sender=model)
            if model._meta.concrete_model is root:  # a child is deleted together with its parent
                _hear(pre_delete, "policies.account_changes.before_delete", "account", sender=model)


def _hear(signal: Signal, path: str, name: str, sender: Any = None) -> None:
    uid = f"django_logout.{name}"
    signal.connect(later(path), sender=sender, weak=False, dispatch_uid=uid)


def _is_another(connected: Any) -> bool:
    """To sort by: ours first, the others in their order, however often we are connected."""
    (uid, _sender), *_ = connected
    return not str(uid).startswith("django_logout.")
