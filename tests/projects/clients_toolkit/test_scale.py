"""Many applications with much to hear: memory stays flat, and one that hangs delays no other."""

import os
import time
import tracemalloc
from typing import Any
from uuid import uuid4

import pytest
from oauth2_provider.models import get_application_model

from django_logout.federation import sender
from django_logout.federation.fetch import Answer, FetchFailed
from django_logout.federation.models import Delivery, LogoutClient
from django_logout.models import LogoutEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

#: More can be tried by hand; these suffice to see what grows.
APPLICATIONS = int(os.environ.get("APPLICATIONS", "30"))
DELIVERIES = int(os.environ.get("DELIVERIES", "300"))
#: What may be held beyond the rows that are under way, in bytes.
FLAT = 4_000_000


def fill() -> None:
    """Write the applications, the first of which hangs, and what they have to hear."""
    model = get_application_model()
    names = [f"app{number}" for number in range(APPLICATIONS)]
    secret = {"client_secret": "s" * 40, "hash_client_secret": False, "algorithm": "HS256"}
    model.objects.bulk_create(model(client_id=name, name=name, **secret) for name in names)
    LogoutClient.objects.bulk_create(
        LogoutClient(client_id=name, backchannel_logout_uri=f"https://{name}.example/")
        for name in names
    )
    event = LogoutEvent.objects.create(reason="user", scope="user", sessions=1, complete=True)
    about = {"event": event, "issuer": "i", "subject": "1"}
    Delivery.objects.bulk_create(
        (
            Delivery(pk=uuid4(), client_id=names[number % APPLICATIONS], sid=str(number), **about)
            for number in range(DELIVERIES)
        ),
        batch_size=500,
    )


def test_memory_is_flat_and_none_waits_for_the_one_that_hangs(monkeypatch: Any) -> None:
    """It is tried once, and then left alone with all it has to hear."""
    fill()
    tries: dict[str, int] = {}

    def post(uri: str, form: bytes, **how: Any) -> Answer:
        tries[uri] = tries.get(uri, 0) + 1
        if uri == "https://app0.example/":
            time.sleep(2)
            raise FetchFailed("It hangs.", "timeout")
        return Answer(200, b"", True)

    monkeypatch.setattr(sender, "post", post)
    begun = time.monotonic()
    tracemalloc.start()
    try:
        counts = sender.deliver()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    own = DELIVERIES // APPLICATIONS
    assert counts["heard"] == DELIVERIES - own
    # Again after a minute, if all the others take that long.
    assert (
        counts["again"] == tries.pop("https://app0.example/") <= 1 + (time.monotonic() - begun) / 60
    )
    assert set(tries.values()) == {own}
    assert peak < FLAT, (held, peak)
