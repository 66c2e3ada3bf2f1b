"""The URLs of this app: ``path("", include("django_logout.federation.urls"))``."""

from django.urls import path

from django_logout.urls import lazy_view

urlpatterns = [
    path(
        "backchannel/",
        lazy_view("federation.views.BackChannelView"),
        name="logout_backchannel",
    ),
    path(
        "frontchannel/",
        lazy_view("federation.views.FrontChannelView"),
        name="logout_frontchannel",
    ),
    path("signed-out/", lazy_view("federation.views.SignedOutView"), name="logout_signed_out"),
]
