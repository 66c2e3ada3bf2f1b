"""URLs of logging in and of every way to log out."""

from django.contrib.auth.views import LoginView
from django.urls import path

from accounts import pages, plain
from accounts.views import logout_keeping_cart, logout_view
from django_logout.views import LogoutView, logout_then_login

urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("logout/", logout_view, name="logout_view"),
    path("logout/plain/", plain.logout_view, name="logout_plain"),
    path("logout/class/", LogoutView.as_view(next_page="cars_list"), name="logout_class"),
    path("logout/login/", logout_then_login, name="logout_then_login"),
    path(
        "logout/goodbye/",
        LogoutView.as_view(template_name="accounts/goodbye.html"),
        name="logout_goodbye",
    ),
    path("logout/keep-the-cart/", logout_keeping_cart, name="logout_keeping_cart"),
    path("ways/explain/run/", pages.explain, name="explain"),
    path("ways/<slug:slug>/", pages.way, name="way"),
]
