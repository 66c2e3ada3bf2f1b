"""The URLs of the test project and of django-hijack, and views derived from its own."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from hijack.views import AcquireUserView

from tests.urls import urlpatterns


class OwnAcquireView(AcquireUserView):
    """As a project makes it that wants another page afterwards."""

    success_url = "/private/"


urlpatterns = [
    path("hijack/", include("hijack.urls")),
    path("own/", login_required(OwnAcquireView.as_view())),
    *urlpatterns,
]
