"""Many applications with much to hear: memory stays flat, and one that hangs delays no other."""

import tracemalloc
from datetime import timedelta
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import pytest
from oauth2_provider.models import get_application_model

from django_logout.federation import sender
from django_logout.federation.fetch import Answer, FetchFailed
from django_logout.federation.models import Delivery, LogoutClient
from django_logout.models import LogoutEvent
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

#: Applications, and what all of them together have to hear.
SIZES = [(30, 300), (1_000, 10_000)]
#: What may be held beyond the rows that are under way, in bytes, however many there are.
FLAT = 4_000_000


def fill(applications: int, number: int) -> None:
    """Write the applications, the first of which hangs, and what they have to hear in turn."""
    model = get_application_model()
    names = [f"app{number}" for number in range(applications)]
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
            Delivery(pk=uuid4(), client_id=names[each % applications], sid=str(each), **about)
            for each in range(number)
        ),
        batch_size=500,
    )


@pytest.mark.parametrize(("applications", "number"), SIZES)
def test_memory_is_flat_and_none_waits_for_the_one_that_hangs(
    monkeypatch: Any, applications: int, number: int
) -> None:
    """It answers when all others have heard, each from the oldest on. Then it is left alone with all it has to hear."""
    fill(applications, number)
    own = number // applications
    others, told = number - own, 0
    all_have_heard, newest = Event(), dict[str, int]()

    def post(uri: str, form: bytes, **how: Any) -> Answer:
        host = str(urlsplit(uri).hostname)
        if host == "app0.example":
            assert all_have_heard.wait(PATIENCE * 60)
            raise FetchFailed("It hangs.", "timeout")
        (token,) = parse_qs(form.decode())["logout_token"]
        sid = int(jwt.decode(token, options={"verify_signature": False})["sid"])
        assert sid > newest.get(host, -1)
        newest[host] = sid
        return Answer(200, b"", True)

    def count(row: Delivery) -> None:
        nonlocal told
        told += row.state == "heard"
        if told == others:
            all_have_heard.set()

    monkeypatch.setattr(sender, "post", post)
    monkeypatch.setattr(sender, "announce", count)
    monkeypatch.setattr(sender, "LEASE", timedelta(days=1))  # It hangs longer than any.
    tracemalloc.start()
    try:
        counts = sender.deliver()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counts == {"heard": others, "again": 1}
    assert len(newest) == applications - 1
    hung = Delivery.objects.filter(client_id="app0")
    assert sum(hung.values_list("tries", flat=True)) == 1
    assert set(hung.values_list("state", flat=True)) == {"waiting"}
    assert peak < FLAT, (held, peak)
