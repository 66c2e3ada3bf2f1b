"""The library's URLs in a namespace, as a test wants them."""

from django.urls import include, path

urlpatterns = [path("namespace/", include(("mozilla_django_oidc.urls", "namespace")))]
