"""Ask other apps whether the login of a session still stands, when a request looks at its user.

Sessions are of this class only where there is an app to ask (``decision.login_checks``), so all others
are read as before.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY

from django_logout.guard import decision
from django_logout.guard.store import GuardedStore, may_query
from django_logout.sessions.status import SessionStatus


class CheckedStore(GuardedStore):
    """A guarded session whose login other apps may end."""

    # Django asks by these four whose session it is. It may ask twice, so the answer must not change
    # in between. ``get()`` only loads the session, in this package.
    def __contains__(self, key: object) -> bool:
        if key == SESSION_KEY:
            self._check_elsewhere()
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        if key == SESSION_KEY:
            self._check_elsewhere()
        return super().__getitem__(key)

    async def aget(self, key: str, default: Any = None) -> Any:
        if key == SESSION_KEY:
            await self._acheck_elsewhere()
        return await super().aget(key, default)

    async def ahas_key(self, key: str) -> bool:
        if key == SESSION_KEY:
            await self._acheck_elsewhere()
        return bool(await super().ahas_key(key))

    def _check_elsewhere(self) -> None:
        """Ask other apps, once, whether the login of a request's session is still good."""
        if self.state.request is not None and not self.state.checked_elsewhere:
            self._get_session()  # type: ignore[attr-defined]
            may_query(self._refuse_if_ended_elsewhere)

    async def _acheck_elsewhere(self) -> None:
        if self.state.request is not None and not self.state.checked_elsewhere:
            await self._aget_session()
            await sync_to_async(self._refuse_if_ended_elsewhere)()

    def _refuse_if_ended_elsewhere(self) -> None:
        identity = self.identity
        if identity is None or not identity.registered:
            return
        self.state.checked_elsewhere = True
        for check in decision.login_checks:
            with self._asking():
                reason = check(self, identity.id)
            if reason is not None and not self._admit(identity, SessionStatus(False, reason)):
                self._session_cache = {}
                return
