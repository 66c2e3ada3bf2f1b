"""The tenants and their hosts."""

from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    """A tenant is no more than a schema."""


class Domain(DomainMixin):
    """A host."""
