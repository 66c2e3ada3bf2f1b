"""The adoption of old sessions can be interrupted and run again."""

from typing import Any

import pytest

from django_logout.models import LoginSession
from django_logout.operations import backfill
from tests.management.command import run
from tests.management.test_adopt import old_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table(settings: Any) -> None:
    """Store sessions in a table."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


def test_interrupted_run_is_continued(
    user: Any, table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions that have a row are not even decoded again."""
    monkeypatch.setattr(backfill, "BATCH", 2)
    for _ in range(5):
        old_session(user)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill.adopt_sessions(progress=stop)
    assert LoginSession.objects.count() == 2
    said = run("adopt", "-v", "2")
    assert said.out == "Adopted 3 of 3 sessions.\n"
    assert said.err.splitlines() == ["2 of 3 sessions read", "3 of 3 sessions read"]
    assert LoginSession.objects.count() == 5
