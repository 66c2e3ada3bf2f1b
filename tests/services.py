"""The servers, programs and libraries that some tests need: where they are, and whether they are there.

A test that needs one is marked ``@pytest.mark.needs("redis")``. It runs where Redis answers, and is
skipped by name where it does not; with ``REQUIRE_SERVICES=1`` it fails. Any other name than those
below is a module's.
"""

import os
import shutil
import socket
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.waiting import PATIENCE

URLS = {
    "postgres": os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
    "redis": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9"),
    "memcached": os.environ.get("MEMCACHED_URL", "memcached://127.0.0.1:11211"),
}
#: What ``npm ci`` installs.
NODE_MODULES = Path(__file__).resolve().parents[1] / "node_modules"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FIREFOX = ("firefox-esr", "firefox")
#: Where distributions put the browser that WebKitGTK's driver starts: below the machine's libraries.
MINIBROWSER = ("/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/libexec/webkit2gtk-4.1/MiniBrowser")

#: What this process has in itself.
ALWAYS = {"sqlite", "locmem", "shared", "dummy"}
#: Programs by what they are called here. A test starts them on ports of its own.
_PROGRAMS = {
    "apache2": "apache2",
    "glewlwyd": "glewlwyd",
    "lemonldap": "llng-fastcgi-server",
    "memcached-server": "memcached",
    "node": "node",
    "redis-cli": "redis-cli",
    "redis-server": "redis-server",
    "valkey-server": "valkey-server",
    "xgettext": "xgettext",
}
_LACKS = {
    "npm": "needs what npm ci installs",
    "chromium": f"needs one of {', '.join(CHROMIUM)}",
    "firefox": f"needs one of {', '.join(FIREFOX)}",
    "webkit": "needs WebKitWebDriver, MiniBrowser, xvfb-run, xauth and dbus-run-session",
    **{name: f"needs the program {program}" for name, program in _PROGRAMS.items()},
}


@cache
def available(service: str) -> bool:
    """Return whether a service, a program or a module can be used now."""
    if service == "chromium":
        return chromium() is not None
    if service == "firefox":
        return firefox() is not None
    if service == "webkit":
        return minibrowser() is not None
    if service == "npm":
        return NODE_MODULES.is_dir()
    if service.startswith("npm:"):
        return (NODE_MODULES / service.removeprefix("npm:")).is_dir()
    if service in _PROGRAMS:
        return shutil.which(_PROGRAMS[service]) is not None
    if service not in URLS:
        return find_spec(service) is not None
    parts = urlsplit(URLS[service])
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE):
            return True
    except OSError:
        return False


def need(*wanted: str) -> None:
    """Skip, or fail, what needs a server that is not there."""
    for service in wanted:
        if service not in ALWAYS and not available(service):
            what = pytest.fail if required() else pytest.skip
            answer = "which does not answer" if service in URLS else "which is not installed"
            what(_LACKS.get(service, f"needs {service}, {answer}"))


def chromium() -> str | None:
    """Path of the browser."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def firefox() -> str | None:
    """Path of the browser."""
    return next(filter(None, map(shutil.which, FIREFOX)), None)


def minibrowser() -> Path | None:
    """Path of WebKitGTK's browser, if all is there with which it is driven."""
    if not all(map(shutil.which, ("WebKitWebDriver", "xvfb-run", "xauth", "dbus-run-session"))):
        return None
    found = (path for pattern in MINIBROWSER for path in Path("/").glob(pattern[1:]))
    return next(found, None)


def required() -> bool:
    """Whether a missing service is an error."""
    return os.environ.get("REQUIRE_SERVICES") == "1"
