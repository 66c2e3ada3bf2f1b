"""URLs of the car site as a provider."""

from django.urls import include, path

from config.urls import urlpatterns as car_site

urlpatterns = [*car_site, path("o/", include("oauth2_provider.urls"))]
