"""Cars, and a cart to put them in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CarsConfig(AppConfig):
    """Cars for sale."""

    name = "cars"
    verbose_name = _("Cars")
