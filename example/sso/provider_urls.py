"""URLs of the car site as a provider, and as an application of another."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from config.urls import urlpatterns as car_site
from sso.sites import COMPANY, HAS_COMPANY

urlpatterns = [*car_site, path("o/", include("oauth2_provider.urls"))]
if HAS_COMPANY:
    login = LoginView.as_view(
        template_name="sso/login.html", extra_context={"company": COMPANY.title}
    )
    urlpatterns = [
        path("accounts/login/", login, name="login"),
        path("oidc/", include("mozilla_django_oidc.urls")),
        path("", include("django_logout.federation.urls")),
        *urlpatterns,
    ]
