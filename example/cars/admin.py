"""Cars in the admin."""

from django.contrib import admin

from cars.models import Car


@admin.register(Car)
class CarAdmin(admin.ModelAdmin):
    """Cars."""

    list_display = ("brand", "model", "year", "price", "body")
    list_filter = ("body", "brand")
    search_fields = ("brand", "model")
