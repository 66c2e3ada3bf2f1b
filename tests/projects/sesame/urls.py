"""The page that a link leads to, beside the URLs of the test project."""

from django.urls import path
from sesame.views import LoginView

from tests.urls import urlpatterns as ours

urlpatterns = [path("link/", LoginView.as_view()), *ours]
