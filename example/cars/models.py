"""What is for sale."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Car(models.Model):
    """One car."""

    class Body(models.TextChoices):
        """Its shape, which is also its picture."""

        COMPACT = "compact", _("Compact")
        HATCH = "hatch", _("Hatchback")
        SALOON = "saloon", _("Sedan")
        VAN = "van", _("Van")
        OFFROAD = "offroad", _("Off-road")

    brand = models.CharField(_("brand"), max_length=40)
    model = models.CharField(_("model"), max_length=40)
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1886), MaxValueValidator(2100)]
    )
    price = models.PositiveIntegerField(_("price in reais"))
    body = models.CharField(_("body"), max_length=10, choices=Body, default=Body.COMPACT)

    class Meta:
        verbose_name = _("car")
        verbose_name_plural = _("cars")
        ordering = ("brand", "model", "year")

    def __str__(self) -> str:
        return f"{self.brand} {self.model} {self.year}"
