"""URLs of the car site."""

from django.apps import apps
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("cars.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("django_logout.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", RedirectView.as_view(url=static("site/icon.svg"))),
    # A demo has no web server in front of it; a real site lets that serve its static files.
    path("static/<path:path>", serve, {"insecure": True}),
]
if apps.is_installed("allauth"):
    urlpatterns.append(path("allauth/", include("allauth.urls")))
