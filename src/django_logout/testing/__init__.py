"""Helpers for your tests: prove that a browser is logged out, whatever was in flight, and that your
own revoker does what every revoker has to do."""

from django_logout.testing.assertions import assert_logged_out, copy_client
from django_logout.testing.contract import RevokerContract
from django_logout.testing.interleave import interleave

__all__ = ["RevokerContract", "assert_logged_out", "copy_client", "interleave"]
