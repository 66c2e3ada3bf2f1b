"""Users log in and out on pages whose style has a hash in its name."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.templatetags.static import static

from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """Collect the files before the middleware looks for them."""
    call_command("collectstatic", interactive=False, verbosity=0)
    yield
    shutil.rmtree(project.STATIC_ROOT)


class TestWhiteNoise(PlainJourneys):
    """On our pages."""


def test_style_of_our_pages_is_served(user: Any) -> None:
    """Under a name that may be cached for ever."""
    here = Visitor()
    TestWhiteNoise().log_in(here)
    pages = [here.visit(url) for url in ("/accounts/logout/", "/accounts/sessions/")]
    for page in pages:
        (url,) = set(re.findall(r'href="(/static/django_logout/logout\.\w+\.css)"', page.text))
        served = here.visit(url)
        assert "immutable" in served["Cache-Control"]
        assert b"logout" in b"".join(served)


def test_pages_come_before_collectstatic_has_run(user: Any, settings: Any, tmp_path: Path) -> None:
    """Without their style, in the minutes after the installation and in a project's own tests."""
    settings.STATIC_ROOT = tmp_path  # The storage reads its manifest anew.
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        static("django_logout/logout.css")
    site, here = TestWhiteNoise(), Visitor()
    site.log_in(here)
    assert here.visit("/accounts/sessions/").status_code == 200
    site.log_out(here)
    assert (here.page.status_code, here.who()) == (200, "")
