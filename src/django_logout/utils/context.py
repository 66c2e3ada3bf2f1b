"""What is going on around code that gets no request: receivers of model signals, session objects.

Threads that code starts itself see nothing of it.
"""

from contextvars import ContextVar
from uuid import UUID

from django.http import HttpRequest

#: The request that is being served. The middleware sets it.
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
#: The sessions that ended when this code, which serves no request, has last changed a password.
ended_by_code: ContextVar[frozenset[UUID]] = ContextVar("ended_by_code", default=frozenset())
