"""The URLs of a shop."""

from django.contrib.auth import views as auth_views
from django.urls import include, path

from tests.projects.own_tests import views

urlpatterns = [
    path("", views.home, name="home"),
    path("async/", views.ahome, name="ahome"),
    path("async/leave/", views.aleave),
    path("order/", views.order),
    path("sign-up/", views.sign_up),
    path("leave/", views.leave),
    path("leave-with-basket/", views.leave_with_basket),
    path("login/", auth_views.LoginView.as_view(template_name="login.html"), name="login"),
    path("accounts/", include("django_logout.urls")),
]
