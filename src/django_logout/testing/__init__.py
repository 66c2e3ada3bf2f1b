"""For your tests: is a browser logged out, whatever was under way; and does a revoker of yours keep
what all of them keep?"""

from django_logout.testing.assertions import assert_logged_out, copy_client
from django_logout.testing.contract import RevokerContract
from django_logout.testing.interleave import interleave

__all__ = ["RevokerContract", "assert_logged_out", "copy_client", "interleave"]
