"""The app, and the only wiring: receivers and checks."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class LogoutConfig(AppConfig):
    """Log out truly."""

    name = "django_logout"
    label = "django_logout"
    verbose_name = _("Logging out")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("django_logout.receivers").connect()
        import_module("django_logout.notify").connect()
        import_module("django_logout.accounts").connect()
        import_module("django_logout.factors").connect()
        import_module("django_logout.revoking").connect()
        import_module("django_logout.checks")
        if apps.is_installed("django.contrib.admin"):
            import_module("django_logout.admin").register()
