"""The contenders, as the settings of a small site for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.backends import cache_from_url, database_from_url


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to keep sessions and to end them."""

    name: str
    label: str
    work: str = "Plain"
    "Class in ``bench.work``."
    engine: str = "db"
    sessions: str = "django.contrib.sessions"
    "App of the session table."
    apps: tuple[str, ...] = ()
    middleware: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    tables: bool = True
    "Whether it ends and lists sessions, in addition to serving requests."
    only: str = ""
    "Name of the only task that it takes part in."
    ours: bool = False

    @property
    def peer(self) -> bool:
        """Return whether it is another package for the same purpose."""
        return self.tables and not self.ours and self.work not in {"Plain", "Floor", "Record"}


def _ours(engine: str, **more: Any) -> Contender:
    facts: dict[str, Any] = {
        "name": f"ours-{engine}",
        "label": f"django-logout, {engine}",
        "work": "Ours",
        "engine": engine,
        "apps": ("django_logout",),
        "middleware": ("django_logout.middleware.LogoutMiddleware",),
        "tables": engine == "db",
        "ours": True,
    }
    return Contender(**facts | more)


def _allauth(**more: Any) -> Contender:
    facts: dict[str, Any] = {
        "name": "allauth",
        "label": "allauth usersessions",
        "work": "Allauth",
        "apps": ("allauth", "allauth.account", "allauth.usersessions"),
        "middleware": (
            "allauth.account.middleware.AccountMiddleware",
            "allauth.usersessions.middleware.UserSessionsMiddleware",
        ),
        "settings": {"ACCOUNT_EMAIL_VERIFICATION": "none", "ACCOUNT_RATE_LIMITS": False},
    }
    facts["settings"] |= more.pop("settings", {})
    return Contender(**facts | more)


EVERYTHING_ON = {"IDLE_TIMEOUT": 3600, "ABSOLUTE_TIMEOUT": 86_400, "MAX_SESSIONS": 10_000}

CONTENDERS = (
    Contender(name="django-db", label="Django alone, db"),
    _ours("db"),
    _ours(
        "db",
        name="ours-db-all",
        label="django-logout, db, every limit on",
        settings={"LOGOUT": EVERYTHING_ON},
        tables=False,
    ),
    _allauth(),
    _allauth(
        name="allauth-tracking",
        label="allauth usersessions, last seen",
        settings={"USERSESSIONS_TRACK_ACTIVITY": True},
        tables=False,
    ),
    Contender(
        name="user-sessions",
        label="django-user-sessions",
        work="UserSessions",
        sessions="user_sessions",
    ),
    Contender(name="qsessions", label="django-qsessions", work="Qsessions", sessions="qsessions"),
    Contender(name="floor", label="floor: one statement", work="Floor", sessions="qsessions"),
    Contender(
        name="record",
        label="the same record by hand",
        work="Record",
        apps=("bench.record.Tables",),
        only="everywhere",
    ),
    *(
        Contender(
            name=f"django-{engine}", label=f"Django alone, {engine}", engine=engine, tables=False
        )
        for engine in ("cached_db", "cache")
    ),
    *(
        Contender(
            name=f"django-{engine}-read",
            label=f"Django alone, {engine}, and one more read",
            engine=engine,
            middleware=("bench.site.OneMoreRead",),
            tables=False,
            only="page",
        )
        for engine in ("cached_db", "cache")
    ),
    *(
        Contender(
            name=f"django-{engine}-record",
            label=f"Django alone, {engine}, and the same record by hand",
            work="ByHand",
            engine=engine,
            apps=("bench.record.Tables",),
            middleware=("bench.record.RecordByHand",),
            tables=False,
            only="logout",
        )
        for engine in ("db", "cached_db", "cache")
    ),
    *(_ours(engine) for engine in ("cached_db", "cache")),
)
BY_NAME = {contender.name: contender for contender in CONTENDERS}


def settings_for(
    contender: Contender, *, database: str, schema: str, cache: str, prefix: str
) -> dict[str, Any]:
    """Return all settings of a contender's site."""
    connection = {**database_from_url(database), "CONN_MAX_AGE": None}
    if schema:
        connection["OPTIONS"] = {"options": f"-c search_path={schema}"}
    else:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
        connection["OPTIONS"]["init_command"] = pragmas
    return {
        "SECRET_KEY": "not a secret: this is a benchmark",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "USE_TZ": True,
        "ROOT_URLCONF": "bench.site",
        "LOGGING_CONFIG": None,
        "LOGIN_REDIRECT_URL": "/",
        "LOGOUT_REDIRECT_URL": "/",
        # A slow hash takes the same time for all contenders, and would hide the differences.
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DATABASES": {"default": connection},
        "CACHES": {"default": {**cache_from_url(cache), "KEY_PREFIX": prefix}},
        "SESSION_ENGINE": f"{contender.sessions}.backends.{contender.engine}",
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            contender.sessions,
            *contender.apps,
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            f"{contender.sessions}.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            *contender.middleware,
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        **contender.settings,
    }
