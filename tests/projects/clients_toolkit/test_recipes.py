"""What docs/provider.md says of other queues."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.test_sender import waiting
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver

PAGE = Path(__file__).parents[3] / "docs" / "provider.md"


@pytest.mark.django_db(transaction=True)
def test_celery(op: Toolkit, receiver: Receiver) -> None:
    """A task of Celery delivers, by the code of the page."""
    (code,) = re.findall(r"```python\n(from celery.*?)```", PAGE.read_text(), re.S)
    names: dict[str, Any] = {"__name__": "shop.tasks"}
    exec(compile(code, str(PAGE), "exec"), names)
    op.register("shop")
    tell(receiver, "shop")
    waiting()
    result = names["deliver_logouts"].apply()
    assert result.state == "SUCCESS", result.traceback
    assert len(receiver.heard) == 1
