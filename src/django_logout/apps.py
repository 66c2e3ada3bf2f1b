"""The app. It connects receivers, checks and admin classes when Django is ready."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.core.signals import setting_changed
from django.utils.translation import gettext_lazy as _

from django_logout.utils.lazy import lazy_import

security_checks = lazy_import("operations.checks.security_checks")
url_checks = lazy_import("operations.checks.url_checks")


class LogoutConfig(AppConfig):
    """Configure the app."""

    name = "django_logout"
    label = "django_logout"
    verbose_name = _("Logout")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("django_logout.receivers").connect_receivers()
        import_module("django_logout.revokers").connect_receivers()
        watch_engine = import_module("django_logout.guard.install").watch_engine
        watch_engine()
        setting_changed.connect(watch_engine, dispatch_uid="django_logout.engine")
        register(security_checks, Tags.security)
        register(url_checks, Tags.urls)
        if apps.is_installed("django.contrib.admin"):
            import_module("django_logout.admin").register_models()
        if apps.is_installed("drf_spectacular"):
            import_module("django_logout.contrib.drf.spectacular")
