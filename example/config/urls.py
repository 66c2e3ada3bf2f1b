"""URLs of the car site."""

from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import include, path

urlpatterns = [
    path("", include("cars.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("django_logout.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    # A demo has no web server in front of it; a real site lets that serve its static files.
    path("static/<path:path>", serve, {"insecure": True}),
]
