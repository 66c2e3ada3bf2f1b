"""Two controllers and the library's for tokens, beside the URLs of the test project."""

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.middleware.csrf import get_token
from django.urls import path
from ninja.security import django_auth
from ninja_extra import NinjaExtraAPI, api_controller, route
from ninja_jwt.authentication import JWTAuth
from ninja_jwt.controller import NinjaJWTDefaultController

from tests.urls import urlpatterns as ours


@api_controller("/session")
class SessionController:
    """Login and logout of a script."""

    @route.get("/token")
    def token(self, request: Any) -> dict[str, str]:
        """Return the CSRF token, and set its cookie."""
        return {"token": get_token(request)}

    @route.post("/login")
    def log_in(self, request: Any, username: str, password: str) -> dict[str, str]:
        """Log in by Django's ``login()``."""
        user = authenticate(request, username=username, password=password)
        login(request, user)
        return {"user": request.user.get_username()}

    @route.post("/logout", auth=django_auth)
    def log_out(self, request: Any) -> dict[str, str]:
        """Log out by Django's ``logout()``."""
        logout(request)
        return {"user": ""}

    @route.get("/who", auth=django_auth)
    def who(self, request: Any) -> dict[str, str]:
        """Return the user of the session."""
        return {"user": request.user.get_username()}


@api_controller("/app", auth=JWTAuth())
class AppController:
    """For apps."""

    @route.get("/who")
    def who(self, request: Any) -> dict[str, str]:
        """Return the user of the token."""
        return {"user": request.user.get_username()}


api = NinjaExtraAPI()
api.register_controllers(SessionController, AppController, NinjaJWTDefaultController)

urlpatterns = [path("api/", api.urls), *ours]
