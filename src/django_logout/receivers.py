"""Connect the receivers of the package. Their modules are imported by the first signal."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal

from django_logout.signals import ending_announced, session_started
from django_logout.utils.lazy import lazy_import

#: Signals of allauth's apps about a changed way to log in.
ALLAUTH = {
    "allauth.account": ("email_changed",),
    "allauth.mfa": ("authenticator_added", "authenticator_removed", "authenticator_reset"),
}


def connect_receivers() -> None:
    """Connect all receivers."""
    _connect(user_logged_in, "policies.login_receivers.on_login", "login")
    _connect(user_logged_out, "policies.login_receivers.on_logout", "logout")
    # Put our receivers first. Django's logout() sends its signal before it flushes the session, so
    # a receiver that raises before ours would keep the user logged in. And receivers of a login,
    # such as Django's update of last_login, must not run for a login that we refuse.
    for signal in (user_logged_in, user_logged_out):
        with signal.lock:
            signal.receivers.sort(key=_is_third_party)
            signal.sender_receivers_cache.clear()
    _connect(session_started, "notifications.mail.on_login", "notify.login")
    _connect(ending_announced, "notifications.mail.on_ending", "notify.ending")
    _connect(ending_announced, "web.replay_detection.on_ending", "replay.ending")
    connect_user_model()
    connect_factors()
    connect_blacklist()


def connect_user_model() -> None:
    """Connect to the user model, its proxies and its children.

    Without a sender, Django would delete all other models much slower.
    """
    root: Any = get_user_model()._meta.concrete_model
    changes = "policies.account_changes"
    for model in apps.get_models():
        if issubclass(model, root):
            _connect(pre_save, f"{changes}.before_save", "account", sender=model)
            _connect(post_save, f"{changes}.after_save", "account", sender=model)
            if model._meta.concrete_model is root:  # A child is deleted together with its parent.
                _connect(pre_delete, f"{changes}.before_delete", "account", sender=model)


def connect_factors() -> None:
    """Connect to the second factors and e-mail addresses of allauth and django-otp."""
    changes = "policies.factor_changes"
    for app, names in ALLAUTH.items():
        if apps.is_installed(app):
            signals = import_module(f"{app}.signals")
            for name in names:
                _connect(getattr(signals, name), f"{changes}.on_change", name)
    if apps.is_installed("django_otp"):
        device = import_module("django_otp.models").Device
        for model in apps.get_models():
            if issubclass(model, device):
                _connect(pre_save, f"{changes}.on_device_pre_save", "factors", sender=model)
                _connect(post_save, f"{changes}.on_device_post_save", "factors", sender=model)
                _connect(pre_delete, f"{changes}.on_device_pre_delete", "factors", sender=model)


def connect_blacklist() -> None:
    """Connect to the lists of refresh tokens of djangorestframework-simplejwt."""
    app = "rest_framework_simplejwt.token_blacklist"
    if apps.is_installed(app):
        models, listed = import_module(f"{app}.models"), "policies.blacklisting"
        blacklisted, outstanding = models.BlacklistedToken, models.OutstandingToken
        _connect(post_save, f"{listed}.on_blacklisted", "blacklisted", sender=blacklisted)
        _connect(post_save, f"{listed}.on_listed", "listed", sender=outstanding)
        import_module(f"django_logout.{listed}").connect_queryset()


def _connect(signal: Signal, path: str, name: str, sender: Any = None) -> None:
    uid = f"django_logout.{name}"
    signal.connect(lazy_import(path), sender=sender, weak=False, dispatch_uid=uid)


def _is_third_party(connected: Any) -> bool:
    """Sort receivers: ours first, the others in their own order, however often we connect."""
    (uid, _sender), *_ = connected
    return not str(uid).startswith("django_logout.")
