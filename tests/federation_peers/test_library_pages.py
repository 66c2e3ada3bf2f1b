"""Put what docs/provider.md and each page of docs/libraries show into a new project, as a newcomer does."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.federation_peers.conftest import TITLE
from tests.federation_peers.providers import NodeProvider
from tests.federation_peers.settings import SECRET
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "libraries"
BLOCK = re.compile(r"^```(python|django)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r"^```{include} (_site\.md)\n```$", re.MULTILINE)
#: What the pages name in comments, or take from Django.
IMPORTS = """
import django_pyoidc
from authlib.integrations.django_client import OAuth
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.shortcuts import redirect
from django.urls import include, path
from django.views.generic import TemplateView
from django_pyoidc.helper import OIDCHelper
from django_logout.federation import links
"""
#: The provider of the page on mozilla-django-oidc, whose settings name each endpoint.
EXAMPLE = "https://id.example.com/"
ASKS_FOR_THE_LOGIN_PAGE = """
import json, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client

browser = Client(SERVER_NAME="localhost")
page = browser.get(resolve_url(settings.LOGIN_URL), {"next": "/admin/"})
print(json.dumps([page.status_code, page.headers.get("Location", ""), page.content.decode()]))
"""
LISTS_THE_CHECKS = """
import json, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.core import checks
print(json.dumps([check.id.partition(".")[2] for check in checks.run_checks()]))
"""


@pytest.fixture(params=sorted(path.stem for path in PAGES.glob("[!_]*.md")))
def project(
    request: pytest.FixtureRequest, tmp_path: Path, back_channel_provider: NodeProvider
) -> Path:
    """A project of ``startproject`` with all that the page of a library shows."""
    back_channel_provider.start()
    run(tmp_path, "-m", "django", "startproject", "shop", ".")
    site = tmp_path / "shop"
    page = (PAGES / f"{request.param}.md").read_text()
    text = INCLUDE.sub(lambda found: (PAGES / found[1]).read_text(), page)
    blocks = [(language, block) for language, block in BLOCK.findall(text)]
    logins = [block for _, block in blocks if "# shop/logins.py" in block]
    urls = [block for _, block in blocks if block.startswith("urlpatterns")]
    pages = [block for language, block in blocks if language == "django"]
    rest = [block for language, block in blocks if language == "python"]
    settings = [block for block in rest if block not in logins + urls]
    (tmp_path / "templates").mkdir()
    for html in pages:
        (tmp_path / "templates" / "log_in.html").write_text(html)
    (site / "logins.py").write_text("\n".join([IMPORTS, *logins]))
    imports = [IMPORTS, "from shop import logins"] if logins else [IMPORTS]
    append(site / "urls.py", *imports, *urls)
    place = f"import os\nISSUER = {back_channel_provider.issuer!r}\n"
    folders = 'TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]'
    append(site / "settings.py", place, *settings, folders)
    return tmp_path


def append(file: Path, *texts: str) -> None:
    """Write at the end of a file."""
    file.write_text("\n".join([file.read_text(), *texts]))


def run(folder: Path, *arguments: str) -> str:
    """Return what a command prints; its errors are errors."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, "OIDC_SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_what_a_page_shows_is_a_site_with_a_way_in(
    project: Path, back_channel_provider: NodeProvider
) -> None:
    """No check warns, and users who have to log in get to the provider, or to a page that names it."""
    run(project, "manage.py", "check", "--fail-level", "WARNING")
    run(project, "manage.py", "migrate", "--verbosity", "0")
    status, location, text = json.loads(run(project, "-c", ASKS_FOR_THE_LOGIN_PAGE))
    if status == 302:
        assert location.startswith((back_channel_provider.issuer, EXAMPLE))
    else:
        assert (status, TITLE in text) == (200, True), text


#: What each library needs to be a provider, by its own documentation, and where its lines on our page begin.
OF_PROVIDERS = {
    "oauth2_provider": (
        "# django-oauth-toolkit",
        'INSTALLED_APPS += ["oauth2_provider"]\nLOGIN_URL = "admin:login"',
        'urlpatterns += [path("o/", include("oauth2_provider.urls"))]',
    ),
    "allauth.idp.oidc": (
        "# or allauth.idp",
        """
INSTALLED_APPS += ["allauth", "allauth.account", "allauth.idp.oidc"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
""",
        'urlpatterns += [path("accounts/", include("allauth.urls")), path("", include("allauth.idp.urls"))]',
    ),
}


@pytest.mark.parametrize("app", OF_PROVIDERS)
def test_what_the_page_of_providers_shows_is_a_provider(app: str, tmp_path: Path) -> None:
    """The checks warn of nothing that the page does not name."""
    run(tmp_path, "-m", "django", "startproject", "shop", ".")
    begins, own_settings, own_urls = OF_PROVIDERS[app]
    page = (ROOT / "docs" / "provider.md").read_text()
    (_, lines), (_, clients), *_ = BLOCK.findall(page)
    common, *by_library = re.split(r"^(?=# )", lines, flags=re.MULTILINE)
    (ours,) = (each for each in by_library if each.startswith(begins))
    site = (PAGES / "_site.md").read_text()
    installed = "\n".join(BLOCK.findall(site)[0][1].split("\n\n")[:2])
    installed = installed.replace(', "django_logout.federation"', "")
    append(tmp_path / "shop" / "settings.py", installed, common, own_settings, ours, clients)
    append(
        tmp_path / "shop" / "urls.py",
        "from django.urls import include",
        'urlpatterns += [path("accounts/", include("django_logout.urls"))]',
        own_urls,
    )
    said = run(tmp_path, "-c", LISTS_THE_CHECKS)
    assert [check for check in json.loads(said) if check not in page] == []
