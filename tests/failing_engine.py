"""A session engine that keeps what it is told to delete, and says so."""

from errno import EROFS
from os import strerror

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.file import SessionStore as FileStore

from tests.clients import unguarded_store


class SessionStore(FileStore):
    """Files on a disk that deletes nothing, once a user has logged in."""

    def delete(self, session_key: str | None = None) -> None:
        if session_key and SESSION_KEY in unguarded_store(session_key, FileStore).load():
            file = FileStore(session_key)._key_to_file()
            raise OSError(EROFS, strerror(EROFS), file)
