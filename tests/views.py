"""Views of the test project, the simplest that show one thing each."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def home(request: HttpRequest) -> HttpResponse:
    """Return the name of the user."""
    return HttpResponse(f"user={request.user.get_username()}")


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """Only for users."""
    return HttpResponse(f"private of {request.user.get_username()}")


def write(request: HttpRequest) -> HttpResponse:
    """Writes the session."""
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(f"user={request.user.get_username()} count={request.session['count']}")


def quiet(request: HttpRequest) -> HttpResponse:
    """Do not load the user."""
    return HttpResponse("quiet")


def plain_logout(request: HttpRequest) -> HttpResponse:
    """The founding documents' own view."""
    logout(request)
    return redirect("home")
