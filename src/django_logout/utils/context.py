"""The request that is being served, for code that gets no request: receivers of model signals.

The middleware sets it. Threads that a view starts itself do not see it.
"""

from contextvars import ContextVar

from django.http import HttpRequest

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
