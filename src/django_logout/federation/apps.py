"""The app. It fills the lists in ``hooks``, and listens to the libraries that log users in, here or
at the applications whose provider this site is."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _

from django_logout import hooks
from django_logout.enums import Reason
from django_logout.utils.lazy import lazy_import


class FederationConfig(AppConfig):
    """Configure the app."""

    name = "django_logout.federation"
    label = "django_logout_federation"
    verbose_name = _("Logout at providers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_logout.guard import decision

        hooks.destinations.append(lazy_import("federation.rp_initiated.find_destination"))
        hooks.questions.append(lazy_import("federation.rp_initiated.ask_about_provider"))
        decision.login_checks.append(lazy_import("federation.recheck.check_login"))
        hooks.session_titles.append(lazy_import("federation.links.titles"))
        hooks.told.append(lazy_import("federation.told.tell"))
        hooks.retries.append(lazy_import("federation.receive.retry_notices"))
        hooks.cleanups.append(
            hooks.Cleanup("provider notices", lazy_import("federation.receive.old_notices"))
        )
        explain = "federation.explanations"
        hooks.explanations[Reason.PROVIDER] = lazy_import(f"{explain}.explain_provider_logout")
        hooks.explanations[Reason.PROVIDER_LOGIN_ENDED] = lazy_import(
            f"{explain}.explain_provider_login_ended"
        )
        hooks.retries.append(lazy_import("federation.sender.retry_deliveries"))
        hooks.finishers.append(lazy_import("federation.nudge.finish"))
        hooks.verbs += [
            f"django_logout.federation.verbs.{verb}" for verb in ("provider", "deliver")
        ]
        register(lazy_import("federation.checks.security_checks"), Tags.security)
        register(lazy_import("federation.checks.deploy_checks"), Tags.security, deploy=True)
        register(lazy_import("federation.application_checks.security_checks"), Tags.security)
        register(
            lazy_import("federation.application_checks.deploy_checks"), Tags.security, deploy=True
        )
        import_module("django_logout.federation.clients").connect_clients()
        import_module("django_logout.federation.libraries").connect()
        if apps.is_installed("django.contrib.admin"):
            import_module("django_logout.federation.admin").extend_admin()
