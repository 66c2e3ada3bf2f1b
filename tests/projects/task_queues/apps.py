"""Waits that a test makes shorter or longer, in each process of the site."""

import os
from datetime import timedelta

from django.apps import AppConfig


class Waits(AppConfig):
    """Named by the settings."""

    name = "tests.projects.task_queues"
    label = "tests_task_queues"

    def ready(self) -> None:
        """Take them from the environment, in seconds."""
        from django_logout.federation import nudge, sender

        if "WAIT" in os.environ:
            sender.WAIT = timedelta(seconds=float(os.environ["WAIT"]))
        if "LEASE" in os.environ:
            sender.LEASE = timedelta(seconds=float(os.environ["LEASE"]))
        if "LATE" in os.environ:
            nudge.LATE = float(os.environ["LATE"])
