"""The car site's URLs, with the language in each of them."""

from django.conf.urls.i18n import i18n_patterns

from config.urls import urlpatterns as site  # type: ignore[import-not-found]

urlpatterns = i18n_patterns(*site)
