"""The public list, the cart, and the page that needs a login."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import CreateView

from accounts.ways import WAYS
from cars import cart
from cars.models import Car


def cars_list(request: HttpRequest) -> HttpResponse:
    """The first page: cars, the cart, and every way to log out."""
    return render(request, "cars/list.html", {"cars": Car.objects.all(), "ways": WAYS})


@require_POST
def cart_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a car into the cart."""
    cart.add(request, get_object_or_404(Car, pk=pk).pk)
    return redirect("cars_list")


@require_POST
def cart_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a car out of the cart."""
    cart.remove(request, pk)
    return redirect("cars_list")


class CarAdd(LoginRequiredMixin, SuccessMessageMixin, CreateView):
    """Offer a car: only for those who are logged in."""

    model = Car
    fields = ["brand", "model", "year", "price", "body"]
    template_name = "cars/add.html"
    success_url = reverse_lazy("cars_list")
    success_message = _("%(brand)s %(model)s was added to the list.")
