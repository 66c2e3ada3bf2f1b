"""The provider, and an application that hears of logouts."""

from tests.projects.clients_toolkit.conftest import op, receiver

__all__ = ["op", "receiver"]
