"""Which request is being served here, for those whom nobody tells: receivers of signals on models.

Set by the middleware; threads that a view starts by itself do not see it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
