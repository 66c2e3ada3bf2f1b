"""What the package hears, and who sees to it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal

from django_logout.signals import session_ended, session_started
from django_logout.utils.lazy import lazy_import

#: Signals of allauth's apps that tell of a changed way to log in.
ALLAUTH = {
    "allauth.account": ("email_changed",),
    "allauth.mfa": ("authenticator_added", "authenticator_removed", "authenticator_reset"),
}
#: Signals of django-otp's devices, each with its receiver.
DEVICE = (
    (pre_save, "on_device_pre_save"),
    (post_save, "on_device_post_save"),
    (pre_delete, "on_device_pre_delete"),
)


def connect() -> None:
    """Connect the receivers."""
    _connect(user_logged_in, "policies.login_receivers.on_login", "login")
    _connect(user_logged_out, "policies.login_receivers.on_logout", "logout")
    # Django's logout() sends the signal before it ends anything, so a receiver that raises before
    # us would keep the user signed in (design law 4). And of a login that we refuse nobody is to
    # hear: Django would write when it was.
    for signal in (user_logged_in, user_logged_out):
        with signal.lock:
            signal.receivers.sort(key=_is_third_party)
            signal.sender_receivers_cache.clear()
    _connect(session_started, "notifications.mail.on_login", "notify.login")
    _connect(session_ended, "notifications.mail.on_ending", "notify.ending")
    _connect(session_ended, "web.replay_detection.on_ending", "replay.ending")
    connect_user_model()
    connect_factors()


def connect_user_model() -> None:
    """Listen to the user model, its proxies and its children, and to no other model: Django
    deletes those that nobody listens to much faster."""
    root: Any = get_user_model()._meta.concrete_model
    for model in apps.get_models():
        if issubclass(model, root):
            _connect(pre_save, "policies.account_changes.before_save", "account", sender=model)
            _connect(post_save, "policies.account_changes.after_save", "account", sender=model)
            if model._meta.concrete_model is root:  # a child is deleted together with its parent
                _connect(
                    pre_delete, "policies.account_changes.before_delete", "account", sender=model
                )


def connect_factors() -> None:
    """Listen to the second factors and the addresses of allauth and django-otp, if installed."""
    for app, names in ALLAUTH.items():
        if apps.is_installed(app):
            signals = import_module(f"{app}.signals")
            for name in names:
                _connect(getattr(signals, name), "policies.factor_changes.on_change", name)
    if apps.is_installed("django_otp"):
        device = import_module("django_otp.models").Device
        for model in apps.get_models():
            if issubclass(model, device):
                for signal, name in DEVICE:
                    _connect(signal, f"policies.factor_changes.{name}", "factors", sender=model)


def _connect(signal: Signal, path: str, name: str, sender: Any = None) -> None:
    uid = f"django_logout.{name}"
    signal.connect(lazy_import(path), sender=sender, weak=False, dispatch_uid=uid)


def _is_third_party(connected: Any) -> bool:
    """To sort by: ours first, the others in their order, however often we are connected."""
    (uid, _sender), *_ = connected
    return not str(uid).startswith("django_logout.")
