"""Do users and their sessions lie in one database?"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags
from django.db import router

from django_logout.operations.checks.ours import register
from django_logout.sessions import registry


@register(Tags.security)
def check_database(**kwargs: Any) -> list[CheckMessage]:
    """The registry's rows point to users, and are asked together with them."""
    users = get_user_model()
    where, here = router.db_for_write(users), registry.database()
    if where == here:
        return []
    sentence = (
        f"Users are written to the database {where!r} and their sessions to {here!r}, so that "
        "nobody's sessions can be registered, found or ended."
    )
    hint = (
        f"In your DATABASE_ROUTERS, let db_for_write() return {where!r} for the app "
        '"django_logout", and let allow_migrate() agree.'
    )
    return [Error(sentence, hint=hint, id="django_logout.E024")]
