"""The library's URLs, and the views that its tests call."""

from typing import Any

from django.contrib.auth.views import LogoutView
from django.http import HttpResponse
from django.urls import include, path
from django.views.generic import TemplateView
from two_factor.gateways.twilio.urls import urlpatterns as twilio
from two_factor.urls import urlpatterns as two_factor
from two_factor.views import LoginView, OTPRequiredMixin, SetupView


class LoginViewWithContext(LoginView):
    def get_device_context_data(self, **options: Any) -> dict[str, Any]:
        return {**super().get_device_context_data(**options), "test": "hello, test"}


class SecureView(OTPRequiredMixin, TemplateView):
    template_name = "secure.html"


def plain(request: Any) -> HttpResponse:
    return HttpResponse("plain")


def login_path(name: str, view: Any = LoginView, **options: Any) -> Any:
    return path(f"account/{name}/", view.as_view(**options), name=name)


urlpatterns = [
    login_path("login"),
    login_path("custom-field-name-login", redirect_field_name="next_page"),
    login_path(
        "custom-allowed-success-url-login",
        success_url_allowed_hosts={"test.allowed-success-url.com"},
    ),
    login_path("custom-redirect-authenticated-user-login", redirect_authenticated_user=True),
    login_path("custom-device-context-login", LoginViewWithContext),
    login_path("setup-backup_tokens-redirect", SetupView, success_url="two_factor:backup_tokens"),
    path("account/logout/", LogoutView.as_view(), name="logout"),
    path("plain/", plain, name="plain"),
    path("secure/", SecureView.as_view()),
    path("secure/raises/", SecureView.as_view(raise_anonymous=True, raise_unverified=True)),
    path(
        "secure/redirect_unverified/",
        SecureView.as_view(raise_anonymous=True, verification_url="/account/login/"),
    ),
    path("", include(two_factor)),
    path("", include(twilio)),
]
