"""Settings of the car site under many host names, each with some of its own.

One server can so be asked about every setting. The first label of the host chooses.
"""

from typing import Any

from tests.e2e.settings import *  # noqa: F403
from tests.e2e.settings import MIDDLEWARE

ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.e2e.urls"
MIDDLEWARE = ["tests.e2e.conduct.conduct", "tests.e2e.urls.by_host", *MIDDLEWARE]
LOGOUT: dict[str, Any] = {"IDLE_TIMEOUT": 3600}
#: Cookies that a middleware of the project sets with ``Partitioned``.
PARTITIONED: set[str] = set()
EMBEDDED = {
    "PARTITIONED": {"sessionid", "chat"},
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "None",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "no-store": {"LOGOUT": LOGOUT | {"NO_STORE": True}},
    "patient": {"LOGOUT": {}},
    "no-redirect": {"LOGOUT": {"RESPONDERS": ["django_logout.responses.html.HtmlResponder"]}},
    "few-cookies": {"LOGOUT": {"MAX_PRESENTED_SESSIONS": 1}},
    "one": {"LOGOUT": {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}},
    "languages": {"URLS": "tests.e2e.urls_by_language"},
    "host-prefix": {"SESSION_COOKIE_NAME": "__Host-sessionid", "SESSION_COOKIE_SECURE": True},
    "partitioned": EMBEDDED
    | {
        "LOGOUT": {
            "SESSION_COOKIE_PARTITIONED": True,
            "DELETE_COOKIES": [{"name": "chat", "samesite": "None", "partitioned": True}],
        }
    },
    "not-told": EMBEDDED
    | {"LOGOUT": {"DELETE_COOKIES": [{"name": "chat", "samesite": "None", "secure": True}]}},
    **{
        f"clear-{name}": {"LOGOUT": LOGOUT | {"CLEAR_SITE_DATA": kinds}}
        for name, kinds in {
            "storage": ["storage"],
            "cache": ["cache"],
            "cookies": ["cookies"],
            "ahead": ["prefetchCache", "prerenderCache"],
            "contexts": ["executionContexts"],
        }.items()
    },
}
