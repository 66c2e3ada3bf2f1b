"""URLs of the cars."""

from django.urls import path

from cars import views

urlpatterns = [
    path("", views.cars_list, name="cars_list"),
    path("cars/add/", views.CarAdd.as_view(), name="cars_add"),
    path("cart/<int:pk>/add/", views.cart_add, name="cart_add"),
    path("cart/<int:pk>/remove/", views.cart_remove, name="cart_remove"),
]
