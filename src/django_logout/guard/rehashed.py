"""Keep the session into which code has written the new password hash of its user.

A password that is changed ends the user's sessions. In a request, the session of that request is
kept. Code without a request has none of its own, so all end, and the code tells which one it keeps
as ``update_session_auth_hash()`` does: it writes the new hash into it. What has ended stays ended.
The data continue, in the save that brings the hash, as a login with an id of its own.
"""

from typing import Any

from django.contrib.auth import HASH_SESSION_KEY

from django_logout.sessions import registry, status
from django_logout.sessions.identity import Identity, identify_stored
from django_logout.utils.context import ended_by_code


def keep_rehashed(session: Any) -> None:
    """Continue a session that is about to be saved, if it is the one that code wants to keep.

    This code itself has changed the user's password, which has ended the session. Since then it has
    written the current hash into it, and nothing else has ended all of the user's sessions.
    """
    state, data = session.state, session._data
    ended = state.identity if state.refused is None else state.refused[0]
    auth_hash = data.get(HASH_SESSION_KEY)
    if ended is None or ended.id not in ended_by_code.get() or not auth_hash:
        return
    now = session.identity
    if now is not None and now.id != ended.id:
        return  # This code has logged in anew since then.
    if status.why_login_refused(ended.user_id, auth_hash) is not None:
        return
    row = registry.find_ended_with_password(ended.id)
    if row is None or not (state.refused is None or _take_back(session, ended)):
        return
    registry.continue_session(session, row)
    state.refused = None
    state.logins_seen.pop(ended.id, None)
    kept = Identity(row.pk, ended.user_id, True, row.created_at.timestamp())
    state.hold(kept, auth_hash)


def _take_back(session: Any, ended: Identity) -> bool:
    """Give a session that was empty when it was loaded the data that the engine still holds.

    Returns false if the engine has lost them, or holds another login under the key.
    """
    key, stored = session.read_presented()
    found = identify_stored(stored, key)
    if found is None or found.id != ended.id:
        return False
    if session.session_key is None:
        session._session_key = key
    session.__dict__["_session_cache"] = {**stored, **session._data}
    return True
