"""A site that is a provider, and has a queue of ``django.tasks``: workers tell its applications of logouts.

App: Queues of django.tasks: django-tasks-db, django-tasks-rq
Packages: django-tasks-db, django-tasks-rq
Before: a delivery that had failed once was not tried again before the next logout.
Verdict: work as they are, with Django 5.2 by the package django-tasks. A worker sends the mails and tells applications of logouts.
Not reached: later tries by RQ, if no worker runs ``--with-scheduler``; the process that has ended the session makes them.

What matters: ``TASKS``; and for RQ the timeouts of ``RQ_QUEUES``, since the logout waits for the queue to take its task.
"""

import os
from importlib.util import find_spec

from tests.projects.clients_toolkit.settings import *  # noqa: F403
from tests.projects.clients_toolkit.settings import INSTALLED_APPS, LOGOUT

QUEUE = os.environ.get("QUEUE", "db")
BACKENDS = {"db": "django_tasks_db.DatabaseBackend", "rq": "django_tasks_rq.RQBackend"}
TASKS = {"default": {"BACKEND": BACKENDS[QUEUE]}}
INSTALLED_APPS = [
    *INSTALLED_APPS,
    *([] if find_spec("django.tasks") else ["django_tasks"]),
    {"db": "django_tasks_db", "rq": "django_rq"}[QUEUE],
    "tests.projects.task_queues",
]
RQ_QUEUES = {
    "default": {
        "URL": os.environ.get("QUEUE_URL", "redis://127.0.0.1:6379/8"),
        "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": 5, "socket_timeout": 5},
    }
}
LOGOUT = {**LOGOUT, "DELIVERY": "auto"}

# Which process has told an application.
LOGGING = {
    "version": 1,
    "formatters": {"role": {"format": f"{os.environ.get('ROLE', 'other')}: %(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.FileHandler",
            "filename": os.environ.get("LOG", os.devnull),
            "formatter": "role",
        }
    },
    "loggers": {"django_logout.federation": {"handlers": ["file"], "level": "INFO"}},
}
