"""Correct projects, and a broken one for the id of each check."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.checks.registry import registry
from django.test import override_settings
from django.urls import include, path, reverse_lazy

from django_logout.conf import SETTING_NAMES, LogoutSettings
from django_logout.middleware import LogoutMiddleware
from django_logout.operations import checks
from django_logout.views import LogoutView
from tests.settings import ENGINES, INSTALLED_APPS, MIDDLEWARE
from tests.urls import urlpatterns
from tests.views import home, quiet

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = "django_logout.middleware.LogoutMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MEMCACHED = {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache"}
REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://nowhere"}


class MyMiddleware(LogoutMiddleware):
    """A project's own subclass."""


class MyAuthentication(AuthenticationMiddleware):
    """A project's own subclass."""


class MyLogoutView(LogoutView):
    """A project's own subclass."""


class Elsewhere:
    """Route the tables of some apps to another database."""

    def __init__(self, *apps: str) -> None:
        self.apps = apps

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "elsewhere" if model._meta.app_label in self.apps else None

    db_for_read = db_for_write


class Replica:
    """Read from another database."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"


class urlconf:  # noqa: N801 - reads as a function
    """A URLconf module with these patterns."""

    def __init__(self, *urlpatterns: Any) -> None:
        self.urlpatterns = urlpatterns


def without(*gone: str) -> list[str]:
    """Return MIDDLEWARE without some of its entries."""
    return [entry for entry in MIDDLEWARE if entry not in gone]


#: A middleware whose work cannot be seen from its name.
OTHER = "tests.races.middleware.restore_everything"
HOME = path("", home, name="home")
OURS_AT_LAST = (
    path("accounts/", include("django.contrib.auth.urls")),
    path("accounts/", include("django_logout.urls")),
)
FILE = {"SESSION_ENGINE": ENGINES["file"], "CACHES": LOCMEM}

#: A broken project for each id, and what its hint must contain.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "E001": ({"MIDDLEWARE": without(OURS)}, f'Put "{OURS}" into MIDDLEWARE, right after "{AUTH}"'),
    "E003": ({"MIDDLEWARE": [OURS, *without(OURS)]}, f'to right after "{AUTH}"'),
    "E004": ({"MIDDLEWARE": without(SESSIONS)}, f'Put "{SESSIONS}" into MIDDLEWARE'),
    "E005": ({"MIDDLEWARE": without(AUTH)}, f'Put "{AUTH}" into MIDDLEWARE'),
    "W006": ({"MIDDLEWARE": [OTHER, *without(SESSIONS)]}, '"django_logout.W006"'),
    "W007": ({"MIDDLEWARE": [OTHER, *without(AUTH)]}, f'Put "{AUTH}" into MIDDLEWARE'),
    "W008": ({"MIDDLEWARE": [*MIDDLEWARE, OURS]}, f'Remove "{OURS}" from MIDDLEWARE.'),
    "W009": (
        {"MIDDLEWARE": [*MIDDLEWARE, "django.contrib.auth.middleware.RemoteUserMiddleware"]},
        'LOGOUT_REDIRECT_URL = "https://sso.example/logout"',
    ),
    "W010": ({"ROOT_URLCONF": urlconf(HOME)}, 'path("accounts/", include("django_logout.urls"))'),
    "W011": ({"ROOT_URLCONF": urlconf(*OURS_AT_LAST)}, "before what includes Django's"),
    "W012": ({"LOGIN_URL": "sign-in"}, 'LOGIN_URL = "login"'),
    "W013": ({"LOGOUT_REDIRECT_URL": "/nowhere"}, 'LOGOUT_REDIRECT_URL = "/"'),
    "E020": ({"SESSION_ENGINE": "no.such.engine"}, "SESSION_ENGINE = "),
    "E021": ({"LOGOUT": {"CACHE_ALIAS": "shared"}}, 'add "shared" there'),
    "W022": (FILE, 'CACHES = {\n    "default": {'),
    "W023": (
        {"DATABASE_ROUTERS": [Elsewhere("sessions")], "CACHES": {"default": REDIS}},
        "return 'default' for the app \"sessions\"",
    ),
    "W025": (
        {"DATABASE_ROUTERS": [Replica()]},
        "let db_for_read() return 'default' for the app \"django_logout\"",
    ),
    "W026": (
        {
            "SESSION_ENGINE": ENGINES["cache"],
            "CACHES": {"default": {**MEMCACHED, "LOCATION": ["10.0.0.1:11211", "10.0.0.2:11211"]}},
        },
        'LOGOUT = {"CACHE_ALIAS": "..."}',
    ),
    "W027": (
        {
            "SESSION_ENGINE": ENGINES["cached_db"],
            "CACHES": {"default": {**REDIS, "LOCATION": ["redis://primary", "redis://replica"]}},
        },
        'Write one address in CACHES["default"]["LOCATION"]',
    ),
    "I028": (
        {
            "SESSION_ENGINE": ENGINES["cache"],
            "CACHES": {"default": {"BACKEND": "tests.backends.SharedCache"}},
        },
        'LOGOUT = {"CACHE_ALIAS": "..."}',
    ),
    "E024": (
        {"DATABASE_ROUTERS": [Elsewhere("auth", "users")]},
        "return 'elsewhere' for the app \"django_logout\"",
    ),
    "E030": ({"LOGOUT": ["KEEP_SESSION_KEYS"]}, 'LOGOUT = {"KEEP_SESSION_KEYS": ["cart"]}'),
    "E031": ({"LOGOUT": {"KEEP": ["cart"]}}, 'Did you mean "KEEP_SESSION_KEYS"?'),
    "E032": (
        {"LOGOUT": {"KEEP_SESSION_KEYS": "cart"}},
        'Write LOGOUT = {"KEEP_SESSION_KEYS": ["..."]}.',
    ),
    "E033": ({"LOGOUT": {"REVOKERS": ["no.such.Revoker"]}}, "django_logout.revokers.base.Revoker"),
    "E034": (
        {"LOGOUT": {"KEEP_SESSION_KEYS": ["cart", "_auth_user_id"]}},
        'Remove "_auth_user_id"',
    ),
    "E035": ({"LOGOUT": {"RESPONDERS": []}}, 'Remove "RESPONDERS" from LOGOUT'),
    "E036": ({"LOGOUT": {"MAX_SESSIONS": 0}}, '"MAX_SESSIONS": None for no limit'),
    "E045": (
        {"LOGOUT": {"DELETE_COOKIES": [{"nam": "token"}]}},
        'Did you mean "name"? Write its name, or {"name": "token", "path": "/"}',
    ),
    "W037": (
        {"LOGOUT": {"IDLE_TIMEOUT": 60, "LAST_SEEN_INTERVAL": 60}},
        'LOGOUT = {"LAST_SEEN_INTERVAL": 15}, or less',
    ),
    "W038": (
        {"LOGOUT": {"IDLE_TIMEOUT": 3600, "ABSOLUTE_TIMEOUT": 600}},
        "shorter than ABSOLUTE_TIMEOUT",
    ),
    "E044": ({"LOGOUT": {"MAX_PRESENTED_SESSIONS": -1}}, "0 reads none"),
    "E046": ({"LOGOUT": {"RETENTION": -1}}, 'LOGOUT = {"RETENTION": timedelta(minutes=30)}'),
    "E047": ({"LOGOUT": {"WITNESS_COOKIE": "log out"}}, "Write a name of letters"),
    "E043": ({"LOGOUT": {"LAST_SEEN_INTERVAL": -1}}, "0 records each request"),
    "E040": ({"LOGOUT": {"TRUSTED_PROXIES": ["proxy.lan"]}}, 'as in "10.0.0.0/8"'),
    "W050": ({"LOGOUT": {"CLEAR_SITE_DATA": ["cache"]}}, 'Remove "cache"'),
    "W051": ({"LOGOUT": {"CLEAR_SITE_DATA": ["cookies", "storage"]}}, 'Remove "cookies"'),
    "W052": ({"LOGOUT": {"CLEAR_SITE_DATA": ["executionContexts"]}}, '["storage"]} is enough'),
    "W053": ({"LOGOUT": {"CLEAR_SITE_DATA": ["clientHints"]}}, 'Remove "clientHints"'),
    "E070": (
        {
            "REST_FRAMEWORK": {
                "DEFAULT_AUTHENTICATION_CLASSES": [
                    "django_logout.contrib.drf.jwt.JWTAuthentication"
                ]
            }
        },
        'Add "rest_framework_simplejwt" to INSTALLED_APPS.',
    ),
    "W071": (
        {
            "REST_FRAMEWORK": {
                "DEFAULT_AUTHENTICATION_CLASSES": [
                    "rest_framework_simplejwt.authentication.JWTAuthentication"
                ]
            }
        },
        '"django_logout.contrib.drf.jwt.JWTAuthentication" in its place',
    ),
    "E054": (
        {"SESSION_COOKIE_NAME": "__Host-id", "SESSION_COOKIE_PATH": "/shop/"},
        "Write SESSION_COOKIE_SECURE = True, SESSION_COOKIE_PATH = '/'.",
    ),
    "E055": (
        {"LOGOUT": {"SESSION_COOKIE_PARTITIONED": True}},
        "Write SESSION_COOKIE_SECURE = True, or remove",
    ),
    "E056": ({"LOGOUT": {"WITNESS_COOKIE": "sessionid"}}, "Write another name, or None"),
    "W041": (
        {
            "LOGOUT": {"ON_MAX_SESSIONS": "ask"},
            "ROOT_URLCONF": urlconf(path("out/", MyLogoutView.as_view())),
        },
        "in no namespace, to urlpatterns",
    ),
    "W042": (
        {
            "LOGOUT": {"NOTIFY": ["new_device"]},
            "ROOT_URLCONF": urlconf(path("", include(("django_logout.urls", "out"), "out"))),
        },
        "in no namespace, to urlpatterns",
    ),
    "W060": (
        {"INSTALLED_APPS": [*INSTALLED_APPS, "tests.operations.checks.shop"]},
        'LOGOUT = {"EXEMPT_CREDENTIALS": ["tests.operations.checks.shop"]}',
    ),
    "W061": ({"LOGOUT": {"EXEMPT_CREDENTIALS": ["drf_tokens"]}}, 'or remove "drf_tokens"'),
    "W064": ({"LOGOUT": {"NOT_CREDENTIALS": ["shop.Nothing"]}}, 'or remove "shop.Nothing"'),
    "W039": ({"LOGOUT": {"PASSIVE_URLS": ["poll"]}}, 'or a path, "/poll/"'),
}

RIGHT: dict[str, dict[str, Any]] = {
    "the test project": {},
    "no LOGOUT": {"LOGOUT": None},
    "a subclass of the middleware": {"MIDDLEWARE": [*without(OURS), f"{__name__}.MyMiddleware"]},
    "a subclass of Django's": {
        "MIDDLEWARE": [
            SESSIONS,
            f"{__name__}.MyAuthentication",
            OURS,
            *without(OURS, SESSIONS, AUTH),
        ]
    },
    "messages first": {
        "MIDDLEWARE": [SESSIONS, "django.contrib.messages.middleware.MessageMiddleware", AUTH, OURS]
    },
    "a subclass of the view": {"ROOT_URLCONF": urlconf(path("out/", MyLogoutView.as_view()))},
    "a function of the project's": {"ROOT_URLCONF": urlconf(path("", home, name="logout"))},
    "a URL with arguments": {
        "ROOT_URLCONF": urlconf(path("<x>/", auth_views.LogoutView.as_view(), name="logout"))
    },
    "ours in a namespace": {
        "ROOT_URLCONF": urlconf(path("", include(("django_logout.urls", "accounts"), "accounts")))
    },
    "ours first": {"ROOT_URLCONF": urlconf(*reversed(OURS_AT_LAST))},
    "no URLconf": {"ROOT_URLCONF": None},
    "a URLconf that does not import": {"ROOT_URLCONF": "no.such.urls"},
    "names": {"LOGIN_URL": "login", "LOGOUT_REDIRECT_URL": reverse_lazy("home")},
    "a path without its slash": {"LOGIN_URL": "/login"},
    "another server": {"LOGIN_URL": "https://login.example.com/?from=here"},
    "another database": {
        "DATABASE_ROUTERS": [Elsewhere("auth", "users", "sessions", "django_logout")]
    },
    "a shared cache": {
        **FILE,
        "CACHES": {**LOCMEM, "shared": REDIS},
        "LOGOUT": {"CACHE_ALIAS": "shared"},
    },
    "no shared cache while developing": {**FILE, "DEBUG": True},
    "an interval that is a default": {"LOGOUT": {"IDLE_TIMEOUT": 60}},
    "replicas of a cache that holds no sessions": {
        "CACHES": {"default": {**REDIS, "LOCATION": ["redis://primary", "redis://replica"]}},
    },
    "no use for a cache": {"SESSION_CACHE_ALIAS": "nowhere"},
    "cookies in both ways": {
        "LOGOUT": {
            "DELETE_COOKIES": [
                "theme",
                {"name": "token", "path": "/api", "secure": True, "domain": None},
                {"name": "chat", "partitioned": True},
            ]
        }
    },
    "site data": {"LOGOUT": {"CLEAR_SITE_DATA": ["storage", "prefetchCache", "prerenderCache"]}},
    "a cookie for this host": {
        "SESSION_COOKIE_NAME": "__Host-id",
        "SESSION_COOKIE_SECURE": True,
    },
    "a partitioned cookie": {
        "SESSION_COOKIE_SECURE": True,
        "LOGOUT": {"SESSION_COOKIE_PARTITIONED": True},
    },
    "a secure cookie for subdomains": {
        "SESSION_COOKIE_NAME": "__Secure-id",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_DOMAIN": ".example.com",
    },
    "proxies": {"LOGOUT": {"TRUSTED_PROXIES": ["10.0.0.0/8", "2001:db8::1", "unix"]}},
    "limits": {
        "LOGOUT": {
            "ON_MAX_SESSIONS": "refuse",
            "IDLE_TIMEOUT": timedelta(minutes=30),
            "ABSOLUTE_TIMEOUT": lambda user, request: 3600,
            "MAX_SESSIONS": 5,
            "PASSIVE_URLS": ["/poll/*", "home", "admin:*", "tests.views.quiet", "logout_status"],
            "PRESET": "aal2",
        },
        "ROOT_URLCONF": urlconf(*urlpatterns, path("still/", quiet)),
    },
    "no URLconf, but names": {"ROOT_URLCONF": None, "LOGOUT": {"PASSIVE_URLS": ["poll"]}},
    "a page for the link in mails": {"LOGOUT": {"NOTIFY": ["new_device", "sessions_ended"]}},
    "no URLconf for that": {"ROOT_URLCONF": None, "LOGOUT": {"NOTIFY": ["new_device"]}},
    "a page to choose on": {"LOGOUT": {"ON_MAX_SESSIONS": "ask", "MAX_SESSIONS": 1}},
    "no URLconf to choose in": {"ROOT_URLCONF": None, "LOGOUT": {"ON_MAX_SESSIONS": "ask"}},
    "every default": {"LOGOUT": {name: getattr(LogoutSettings, name) for name in SETTING_NAMES}},
}


def found(**overrides: Any) -> dict[str, Any]:
    """Return the messages of our checks for the test project with these settings, by id."""
    usual: dict[str, Any] = {"SESSION_ENGINE": ENGINES["db"], "CACHES": LOCMEM}
    if "ROOT_URLCONF" in overrides:
        usual["LOGIN_URL"] = "https://login.example.com/"
    with override_settings(**{**usual, **overrides}):
        ours = [c for c in registry.get_checks() if c.__module__.startswith(checks.__name__)]
        messages = [
            message for check in ours for message in check(app_configs=None, databases=None)
        ]
    by_id = {str(message.id).removeprefix("django_logout."): message for message in messages}
    assert len(by_id) == len(messages)
    return by_id
