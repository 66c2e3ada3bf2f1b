"""Views of a shop, as its developers write them."""

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from django_logout import alogout
from django_logout import logout as true_logout
from tests.projects.own_tests.models import Order


def home(request: HttpRequest) -> HttpResponse:
    """Greet the user, and count the visits of the session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(f"Hello {request.user.get_username() or 'guest'}")


@login_required
def order(request: HttpRequest) -> HttpResponse:
    """Order an item."""
    Order.objects.create(user=request.user, item=request.POST["item"])
    return HttpResponse("ordered")


def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account, and log in."""
    user = User.objects.create_user(request.POST["name"], password="pw")
    login(request, user)
    return redirect("home")


def leave(request: HttpRequest) -> HttpResponse:
    """Log out by Django's own function."""
    logout(request)
    return redirect("home")


def leave_with_basket(request: HttpRequest) -> HttpResponse:
    """Log out by the package's function, and keep a part of the session."""
    true_logout(request, keep=["visits"])
    return redirect("home")


async def ahome(request: HttpRequest) -> HttpResponse:
    """Greet the user in the event loop."""
    user = await request.auser()
    return HttpResponse(f"Hello {user.get_username() or 'guest'}")


async def aleave(request: HttpRequest) -> HttpResponse:
    """Log out in the event loop."""
    await alogout(request)
    return redirect("ahome")
