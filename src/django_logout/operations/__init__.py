"""Maintenance for operators: the work behind ``manage.py logout``, and the system checks."""

from django_logout.operations.backfill import adopt_sessions
from django_logout.operations.cleanup import prune_records
from django_logout.operations.retries import incomplete_events, retry_all, retry_revokers

__all__ = ["adopt_sessions", "incomplete_events", "prune_records", "retry_all", "retry_revokers"]
