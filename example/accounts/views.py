"""The function view of the documents, made true, and one that keeps the cart."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from django_logout import logout
from django_logout.views import ends_sessions


@ends_sessions
def logout_view(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":  # a link may ask; it never logs anyone out
        return redirect("logout")
    logout(request)
    return redirect("cars_list")


@require_POST
@ends_sessions
def logout_keeping_cart(request: HttpRequest) -> HttpResponse:
    logout(request, keep=("cart",))
    return redirect("cars_list")
