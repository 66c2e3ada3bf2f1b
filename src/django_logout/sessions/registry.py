"""The rows of sessions: the only module, beside ``token_logins``, that writes them.

A session is known by a public UUID in its own data, so a rotated key changes nothing.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS, router, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.enums import SESSION, Reason, Scope
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import engines
from django_logout.sessions.identity import (
    ID_KEY,
    ORIGINS_KEY,
    STARTED_AT_KEY,
    Identity,
    fingerprint,
    fingerprints,
    is_adopted,
    is_code_login,
    is_derived,
    parse_user_id,
)
from django_logout.sessions.sql import (
    Prepared,
    can_delete_with_update,
    placeholder,
    prepare_delete_with,
    prepare_select,
    prepare_update,
    update_can_return,
)
from django_logout.types import EndedSession
from django_logout.utils.lazy import lazy_import
from django_logout.utils.uncached import UncachedQuerySet

# Imported with the first query outside of a transaction.
retry = lazy_import("utils.transactions.retry")

# Imported with the first login, since nothing else needs it.
request_facts = lazy_import("sessions.devices.facts")

#: The fields that an ending reads of the rows that it has ended.
END_RETURNING = ("pk", "user_id", "kind", "session_key", "has_derived")


def database() -> str:
    """Return the alias of the database that holds the registry, never a replica."""
    return router.db_for_write(LoginSession) or DEFAULT_DB_ALIAS


def users() -> QuerySet[Any]:
    """Return all users, in the database of the registry. No manager of the project hides any."""
    return UncachedQuerySet(get_user_model(), using=database())


def find_user(user_id: Any) -> Any:
    """Return the user with this primary key, which may be a string, or ``None``."""
    pk = parse_user_id(user_id)
    return None if pk is None else users().filter(pk=pk).first()


def register_session(
    session: SessionBase, user: Any, request: HttpRequest, *, session_id: UUID | None = None
) -> LoginSession:
    """Write the row of a new login and put its id into the session's data."""
    engines.current_engine().kept_since()  # for only_stored(): before this session can be lost
    owner = _owner_fields(user)
    row = create_row(id=session_id or uuid4(), **owner, **_new_row(session, request))
    _mark(session, row)
    return row


def account_of(user: Any) -> str:
    """Return the name of a user who is not of ``AUTH_USER_MODEL``, or ``""`` for one who is.

    An authentication backend may have users in a model of its own. Their primary keys say nothing of
    the users of ``AUTH_USER_MODEL`` who have the same ones.
    """
    if isinstance(user, get_user_model()):
        return ""
    return f"{user._meta.label_lower}:{user._meta.pk.value_to_string(user)}"


def _owner_fields(user: Any) -> dict[str, Any]:
    account = account_of(user)
    return {"user": None, "account": account} if account else {"user": user}


def find_owner(session: SessionBase, user_id: str) -> Any:
    """Return the user whose login a session holds, of any model, or ``None``."""
    path = session.get(BACKEND_SESSION_KEY, "")
    if path in settings.AUTHENTICATION_BACKENDS:
        backend = load_backend(path)
        # Django's own may hide users, such as those who are not active.
        if getattr(type(backend), "get_user", None) is not ModelBackend.get_user:
            found = backend.get_user(parse_user_id(user_id))
            if found is not None and account_of(found):
                return found
    return find_user(user_id)


def newest_cutoff() -> Coalesce:
    """Return the number of the newest cutoff as an expression for a new row; 0 if there is none."""
    return Coalesce(Subquery(Cutoff.objects.order_by("-pk").values("pk")[:1]), 0)


def create_row(**fields: Any) -> LoginSession:
    """Write the row of a login, which notes the newest cutoff that there is."""
    create = partial(sessions().create, newest_cutoff=newest_cutoff(), **fields)
    row: LoginSession = retry(create, database())
    # Not the expression: saving the row again would note another number.
    row.__dict__.pop("newest_cutoff", None)
    return row


def adopt_session(
    session: SessionBase, identity: Identity, request: HttpRequest | None = None
) -> bool:
    """Write the row of a session that was not registered at login, once, when it is first saved.

    It is from before the installation, or code has made the login. Returns false if the user does
    not exist; the session stays without a row then, and is refused.
    """
    user = find_owner(session, identity.user_id)
    if user is not None:
        fields = {**_owner_fields(user), **_new_row(session, request)}
        if is_code_login(identity.id):
            row = create_row(id=identity.id, **fields)
        else:
            adopt = partial(sessions().get_or_create, pk=identity.id, defaults=fields)
            row, _ = retry(adopt, database())
        _mark(session, row)
    return user is not None


def find_adopted(identity: Identity) -> Identity:
    """Return the identity under which a session without an id was adopted.

    Its id may have been derived from the key before ``SECRET_KEY`` was changed.
    """
    if not identity.other_ids:
        return identity
    ids = [identity.id, *identity.other_ids]
    known = sessions().filter(pk__in=ids).order_by(F("ended_at").desc(nulls_last=True))
    row_id = known.values_list("pk", flat=True).first()
    return identity if row_id is None else identity._replace(id=row_id)


def adopt_origin(session: SessionBase, identity: Identity, request: HttpRequest) -> None:
    """Write the row of a session from before the installation that another has replaced."""
    user = find_owner(session, identity.user_id)
    if user is not None:
        row = {**_owner_fields(user), **_new_row(session, request), "session_key": ""}
        sessions().get_or_create(pk=identity.id, defaults=row)


def adopt_sessions(
    found: Iterable[tuple[Identity, engines.StoredSession]], *, dry_run: bool = False
) -> int:
    """Write the rows of sessions from before the installation that have none; return how many."""
    now, engine, pk = timezone.now(), engines.current_engine(), get_user_model()._meta.pk
    found = list(found)
    rows = {
        identity.id: LoginSession(
            id=identity.id,
            user_id=pk.to_python(identity.user_id),
            session_key=_stored(session.key, engine),
            **start_fields(now),
            expires_at=session.expires,
            backend=session.data.get(BACKEND_SESSION_KEY, ""),
        )
        for identity, session in found
    }
    ids = {pk: each.id for each, _ in found for pk in (each.id, *each.other_ids)}
    for known in sessions().filter(pk__in=ids).values_list("pk", flat=True):
        rows.pop(ids[known], None)
    if not dry_run:
        sessions().bulk_create(rows.values(), ignore_conflicts=True)
    return len(rows)


def register_derived_session(
    session: SessionBase,
    user: Any,
    request: HttpRequest,
    *,
    session_id: UUID,
    origin_id: UUID,
    origin_hashes: Iterable[str],
) -> LoginSession | None:
    """Write the row of a session that is derived from another, and put its id into its data.

    Impersonation is no proof of who the user is, so the time of the login is that of the origin.
    Returns ``None`` if the origin has ended. Must run in a transaction: the conditional UPDATE
    locks the origin's row, so an ending finds the derived session, or this finds the ending.
    """
    if not only_active(sessions().filter(pk=origin_id)).update(has_derived=True):
        return None
    proved_at = sessions().filter(pk=origin_id).values_list("authenticated_at", flat=True).get()
    facts = {**_new_row(session, request), "authenticated_at": proved_at}
    row = create_row(id=session_id, user=user, origin_id=origin_id, in_place=True, **facts)
    _mark(session, row)
    session[ORIGINS_KEY] = list(origin_hashes)
    return row


def origins(session_id: UUID) -> Iterator[LoginSession]:
    """Yield the active sessions, with their users, that a session is derived from, nearest first.

    The last one is that of the user who really acts.
    """
    while is_derived(session_id):
        rows = only_active(sessions().filter(derived=session_id)).select_related("user")
        origin = rows.first()
        if origin is None:
            return
        yield origin
        session_id = origin.pk


def resume_session(
    session: SessionBase,
    row: LoginSession,
    derived_ids: Iterable[UUID],
    origin_hashes: Collection[str],
) -> bool:
    """Put the id of an origin back into the session's data when the sessions derived from it are
    about to end; return false if the origin has ended. Must run in a transaction.

    From now on the origin does not end with them. It may itself be derived, with these hashes.
    """
    sessions().filter(pk__in=list(derived_ids)).update(in_place=False)
    changes = {"session_key": _storable_key(session), "last_seen_at": timezone.now()}
    resumed = only_active(sessions().filter(pk=row.pk)).update(rotated_from=None, **changes)
    _mark(session, row)
    if origin_hashes:
        session[ORIGINS_KEY] = list(origin_hashes)
    return bool(resumed)


def find_ended_with_password(session_id: UUID) -> LoginSession | None:
    """Return the row of a session that a new password has ended, and that may be continued.

    ``None`` is returned if something else has ended it, or all of its user's sessions since, or if
    it is derived from that of another user.
    """
    if is_derived(session_id):
        return None
    rows = sessions().filter(pk=session_id, event__reason=Reason.PASSWORD_CHANGED)
    return rows.exclude(_all_ended_since("ended_at")).first()


def continue_session(session: SessionBase, ended: LoginSession) -> None:
    """Write the row of a login that continues an ended one, and put its id into the session's data.

    ``ended`` becomes the new row. It tells the same of the user and the device. It begins where the
    other has ended, so every later ending covers it, and so does every cutoff since the login.
    """
    ended.pk, ended.created_at = uuid4(), cast(datetime, ended.ended_at)
    ended.ended_at = ended.event_id = ended.rotated_from = ended.notified_at = None
    ended.session_key, ended.last_seen_at = _storable_key(session), timezone.now()
    ended.replays, ended.has_derived = 0, False
    retry(partial(ended.save, force_insert=True, using=database()), database())
    _mark(session, ended)
    # An ending that has looked for this row before it was committed is found now.
    covered = sessions().filter(_all_ended_since("created_at"), pk=ended.pk)
    transaction.on_commit(covered.delete, using=database())


def _all_ended_since(field: str) -> Exists:
    """Return the condition that all sessions of the user, or all others, have ended later."""
    later = {"user": OuterRef("user"), "created_at__gt": OuterRef(field)}
    return Exists(LogoutEvent.objects.filter(scope__in=[Scope.USER, Scope.OTHERS], **later))


def start_fields(moment: datetime) -> dict[str, datetime]:
    """Return the fields of a session that starts now.

    They are one moment: an ``authenticated_at`` after ``created_at`` counts as a new login.
    """
    return dict.fromkeys(("created_at", "authenticated_at", "last_seen_at"), moment)


def _new_row(session: SessionBase, request: HttpRequest | None) -> dict[str, Any]:
    now = timezone.now()
    return {
        "session_key": _storable_key(session),
        **start_fields(now),
        "expires_at": now + timedelta(seconds=session.get_expiry_age()),
        "backend": session.get(BACKEND_SESSION_KEY, ""),
        **request_facts(request),
    }


def _mark(session: SessionBase, row: LoginSession) -> None:
    session[ID_KEY] = str(row.pk)
    session[STARTED_AT_KEY] = 0 if is_adopted(row.pk) else row.created_at.timestamp()


def find_ended(*, session_id: UUID | None = None, key: str = "") -> LoginSession | None:
    """Return the row of an ended session, with its event, by its id or by its last key."""
    stored = _stored_variants(key)
    which = Q(pk=session_id) if session_id else Q(session_key__in=stored)
    rows = sessions().filter(which, ended_at__isnull=False).select_related("event")
    return rows.first() if session_id or stored else None


def row_exists(session_id: UUID) -> bool:
    """Return whether the row exists; the transaction of a login may have been rolled back."""
    return sessions().filter(pk=session_id).exists()


def is_user(user_pk: Any, account: str, text: str) -> bool:
    """Return whether a session's data name the user of a row, by primary key or by account."""
    if user_pk is None:
        return account.partition(":")[2] == text
    return bool(parse_user_id(text) == user_pk)


def false_claims(identities: Collection[Identity]) -> set[UUID]:
    """Return the ids that sessions of other users than the row's claim."""
    claimed = {identity.id: identity.user_id for identity in identities}
    owners = sessions().filter(pk__in=claimed).order_by().values_list("pk", "user_id", "account")
    return {pk for pk, user_pk, name in owners if not is_user(user_pk, name, claimed[pk])}


def record_new_key(identity: Identity, session: SessionBase, *, before: str | None) -> bool:
    """Record that a session's key was rotated; return false if the session has ended meanwhile,
    or is another user's.

    It is one conditional UPDATE, so that a rotation and an ending cannot both win. If two requests
    in flight have rotated the same key, the row holds the later one, and an ending deletes that. So
    the earlier one is deleted now, where the row holds it in plain text.
    """
    return bool(retry(partial(_record_new_key, identity, session, before), database()))


def _record_new_key(identity: Identity, session: SessionBase, before: str | None) -> bool:
    user_pk = parse_user_id(identity.user_id)
    if user_pk is None:
        return False
    engine, key = engines.engine_of(type(session)), _storable_key(session)
    facts = {"session_key": key, "rotated_from": fingerprint(before) if before else None}
    by_account = Q(user__isnull=True, account__endswith=f":{identity.user_id}")
    rows = sessions().filter(by_account | Q(user_id=user_pk), pk=identity.id)
    if engine.model is None:
        return bool(only_active(rows).update(**facts))
    for known in iter(lambda: rows.values_list("session_key", flat=True).first(), None):
        if only_active(rows.filter(session_key=known)).update(**facts):
            if known not in {"", before, key}:
                engine.delete([known], using=database())
                engine.delete_cached([known])
            return True
        if not only_active(rows).exists():
            break
    return False


def ids_by_previous_key(key: str) -> list[UUID]:
    """Return the ids of the sessions that had this key before it was rotated."""
    return ids_by_previous_keys([key])[key]


def ids_by_previous_keys(keys: Collection[str]) -> dict[str, list[UUID]]:
    """Return, by key, the ids of the sessions that had it before it was rotated, in one query.

    If the engine does not know a key any more, but a row still has it, its rotation is being
    recorded; that session is found too.
    """
    names = {key: {*fingerprints(key), *_stored_variants(key)} for key in keys}
    wanted = set().union(*names.values())
    rotated = Q(rotated_from__in=[name for name in wanted if isinstance(name, UUID)])
    stored = Q(session_key__in=[name for name in wanted if isinstance(name, str)])
    rows = sessions().filter(rotated | stored).order_by()
    found = list(rows.values_list("pk", "rotated_from", "session_key"))
    return {
        key: [pk for pk, *had in found if not known.isdisjoint(had)] for key, known in names.items()
    }


def sessions() -> QuerySet[LoginSession]:
    """Return all sessions, the ended ones too."""
    return LoginSession.objects.using(database())


def only_active(selection: QuerySet[LoginSession]) -> QuerySet[LoginSession]:
    """Return those of the sessions that have neither ended nor been cut off with everyone's."""
    return selection.filter(is_active())


def only_stored(rows: QuerySet[LoginSession]) -> QuerySet[LoginSession]:
    """Return those of the rows whose sessions the engine still has, as far as it can tell.

    A session table, a folder of session files or a cache may have been emptied. A cache cannot be
    asked for sessions whose keys are not known, but since when it has kept what it was given.
    """
    engine = engines.current_engine()
    unknown = Q(session_key="") | ~Q(kind=SESSION)
    if (since := engine.kept_since()) is not None:
        moment = datetime.fromtimestamp(since, UTC if settings.USE_TZ else None)
        return rows.filter(unknown | Q(created_at__gte=moment))
    if engine.model is not None:
        stored = engine.model._base_manager.filter(
            session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
        )
        return rows.filter(unknown | Exists(stored))
    keys = engine.list_keys()
    if keys is None:
        return rows
    hashes = {str(fingerprint(key)) for key in keys}
    known = rows.order_by().values_list("pk", "session_key")
    return rows.filter(unknown | Q(pk__in=[pk for pk, stored in known if stored in hashes]))


def ids_by_key(key: str) -> list[UUID]:
    """Return the ids of the sessions whose rows have this key."""
    stored = _stored(key, engines.current_engine())
    rows = sessions().filter(session_key=stored).order_by()
    return list(rows.values_list("pk", flat=True)) if stored else []


def is_active() -> Q:
    """Return the condition that a session has neither ended nor been cut off with everyone's."""
    # One question for all rows, not one for each.
    everyones = Cutoff.objects.filter(user__isnull=True).order_by("-pk").values("pk")[:1]
    return Q(newest_cutoff__gte=Coalesce(Subquery(everyones), 0), ended_at__isnull=True)


def end_rows(
    event_id: UUID,
    at: datetime,
    rows: QuerySet[LoginSession] | None = None,
    *,
    unfiltered: QuerySet[LoginSession] | None = None,
    lookup: tuple[str, Any] | None = None,
    engine: engines.Engine | None = None,
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """Mark sessions that are active as ended by one event, and return them and their keys.

    Each session is ended once, by one event. The sessions are ``rows``, or those that ``lookup``
    selects by a field (``id`` or ``user``) and its value; then the statement is prepared.
    ``unfiltered`` are the rows without conditions that the UPDATE may make false. Sessions that are
    derived from them end too, and so do those that a derived session has replaced in its browser.
    Their data are deleted from the table of ``engine``; without one, they are left there.

    Must run in a transaction. The UPDATE is its first statement, so that SQLite takes the write
    lock at once instead of failing when it upgrades a read lock.
    """
    found = ended = _end_selected(event_id, at, rows, unfiltered, lookup, engine)
    while linked := _linked_to(found):
        linked_rows = sessions().filter(linked)
        found = _end_selected(event_id, at, linked_rows, linked_rows, None, engine)
        known = {pk for pk, *_ in ended}
        found = [facts for facts in found if facts[0] not in known]
        ended = [*ended, *found]
    sessions_ended = tuple(EndedSession(pk, user_id, kind) for pk, user_id, kind, *_ in ended)
    return sessions_ended, _keys_of(ended)


def _keys_of(ended: Iterable[Any]) -> tuple[str, ...]:
    return tuple(key for *_, key, _ in ended if key)


def _linked_to(ended: Iterable[Any]) -> Q | None:
    """Return the condition for the sessions that end together with these, if there can be any."""
    origins = [pk for pk, *_, has_derived in ended if has_derived]
    derived = [pk for pk, *_ in ended if is_derived(pk)]
    if not (origins or derived):
        return None
    return Q(origin__in=origins) | Q(derived__in=derived, derived__in_place=True)


def _end_selected(
    event_id: UUID,
    at: datetime,
    rows: QuerySet[LoginSession] | None,
    unfiltered: QuerySet[LoginSession] | None,
    lookup: tuple[str, Any] | None,
    engine: engines.Engine | None,
) -> list[Any]:
    """Mark the selected sessions that are active as ended; return the :data:`END_RETURNING`."""
    deleted = 0
    if lookup is not None:
        ended, deleted = _end_by_lookup(event_id, at, *lookup, engine)
    elif rows is not None and only_active(rows).update(ended_at=at, event_id=event_id):
        found = (rows if unfiltered is None else unfiltered).order_by()
        # Not by the event alone: for SQLite an index of mostly NULLs is useless, so it scans.
        found = found.filter(event_id=event_id, ended_at=at)
        ended = list(found.values_list(*END_RETURNING))
    else:
        return []
    keys = () if engine is None or engine.model is None else _keys_of(ended)
    if engine is not None and deleted < len(keys):
        engine.delete(keys, using=database())
    return ended


def _end_by_lookup(
    event_id: UUID, at: datetime, field: str, value: Any, engine: engines.Engine | None
) -> tuple[list[Any], int]:
    """End the sessions with this value; return them, and how many were deleted in the same statement."""
    using = database()
    values = {field: value, "event": event_id, "ended_at": at}
    table = None
    if engine is not None and engine.model is not None and can_delete_with_update(using):
        table = engine.plain_table(using)
    if table is not None:
        rows = _end_and_delete_statement(using, field, table).rows(using, **values)
        return [facts for *facts, _ in rows], rows[0][-1] if rows else 0
    ending, look = _end_statements(using, field)
    if look is None:
        return ending.rows(using, **values), 0
    return (look.rows(using, **values) if ending.run(using, **values) else []), 0


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _end_statements(database: str, field: str) -> tuple[Prepared, Prepared | None]:
    """Prepare the UPDATE, and the SELECT of what it changed if it cannot return that itself."""
    value, event, at = (placeholder(LoginSession, name) for name in (field, "event", "ended_at"))
    rows = LoginSession.objects.using(database).filter(**{field: value})
    ended = rows.filter(event=event, ended_at=at).order_by().values_list(*END_RETURNING)
    if update_can_return(database):
        return prepare_update(only_active(rows), returning=ended, event=event, ended_at=at), None
    return prepare_update(only_active(rows), event=event, ended_at=at), prepare_select(ended)


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _end_and_delete_statement(database: str, field: str, table: Any) -> Prepared:
    """Prepare the UPDATE that deletes the data of the sessions, too."""
    update, _ = _end_statements(database, field)
    data = table._base_manager.using(database)
    key: Any = LoginSession._meta.get_field("session_key")
    return prepare_delete_with(update, key.column, data)


def record_relogin(session_id: UUID, at: datetime) -> None:
    """Record that the user of a session has logged in again in it."""
    rows = sessions().filter(pk=session_id, ended_at=None)
    retry(partial(rows.update, authenticated_at=at, last_seen_at=at), database())


def delete_unfinished_login(session_id: UUID) -> None:
    """Delete the row of a login that failed after its row was written."""
    sessions().filter(pk=session_id).delete()


def burn_login_id(session_id: UUID, user: Any) -> None:
    """Store an already ended row under this id, so that no login can use it."""
    now = timezone.now()
    row = {"user": user, "expires_at": now, "ended_at": now}
    sessions().get_or_create(pk=session_id, defaults=row)


def delete_ended_row(session_id: UUID) -> None:
    """Delete the row of an ended session that was registered at login.

    It stays refused, since its data names an id that has no row. The row of an adopted session is
    kept, since its data may name no id.
    """
    if not is_adopted(session_id):
        sessions().filter(pk=session_id, ended_at__isnull=False).delete()


def _storable_key(session: SessionBase) -> str:
    return _stored(session.session_key or "", engines.engine_of(type(session)))


def _stored(key: str, engine: engines.Engine) -> str:
    """Return a key as the row holds it.

    It is in plain text where the session table in the same database holds it in plain text, and
    hashed elsewhere, which is enough to recognize it.
    """
    if not key or not engine.keyed:
        return ""
    return key if engine.model is not None else str(fingerprint(key))


def _stored_variants(key: str) -> list[str]:
    """Return a key as the rows may hold it: hashed with earlier values of ``SECRET_KEY`` too."""
    stored = _stored(key, engines.current_engine())
    if stored in {"", key}:
        return [stored] if stored else []
    return [str(found) for found in fingerprints(key)]
