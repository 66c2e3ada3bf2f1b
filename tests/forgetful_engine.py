"""A session engine of the project's own, which takes an outage for an empty session."""

from typing import Any, ClassVar

from django.contrib.sessions.backends.base import CreateError, SessionBase


class SessionStore(SessionBase):
    """Keeps sessions in the memory of this process. While it is ``down`` it has none, and says
    nothing of that, as many do."""

    stored: ClassVar[dict[str, str]] = {}
    down: ClassVar[bool] = False

    def load(self) -> dict[str, Any]:
        if self.down or self.session_key not in self.stored:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(self.stored[self.session_key])
        return found

    def exists(self, session_key: str) -> bool:
        return session_key in self.stored

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data = self.encode(self._get_session(no_load=must_create))
        if not self.down:
            self.stored[self.session_key] = data

    def delete(self, session_key: str | None = None) -> None:
        if not self.down:
            self.stored.pop(session_key or self.session_key or "", None)
