"""Schemas that are made once, by migrations, since the library makes them by no other way."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django_tenants.utils import schema_context

from tests.projects.tenants.models import Domain, Tenant

SCHEMAS = ("red", "blue")


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create the tables by migrations."""
    return True


@pytest.fixture(scope="session")
def schemas(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the schema of each tenant, in the database that is deleted after the tests."""
    with django_db_blocker.unblock():
        for name in SCHEMAS:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA {name}")
            call_command("migrate_schemas", schema_name=name, verbosity=0)


@pytest.fixture
def tenants(schemas: None, transactional_db: None, django_user_model: Any) -> Iterator[None]:
    """Give each tenant a host and its own ann, whose key is 1. What is flushed after a test is the
    public schema."""
    connection.set_schema_to_public()
    for name in SCHEMAS:
        tenant = Tenant(schema_name=name)
        tenant.auto_create_schema = False
        tenant.save()
        Domain.objects.create(tenant=tenant, domain=f"{name}.example", is_primary=True)
        with schema_context(name):
            django_user_model.objects.all().delete()
            django_user_model.objects.create_user("ann", pk=1, password="pw")
    yield
    connection.set_schema_to_public()
