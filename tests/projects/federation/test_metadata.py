"""Discovery and keys: when the provider is asked, by whom, and what its silence means."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_logout.federation import metadata, providers
from django_logout.federation.models import ProviderMetadata
from tests.projects.federation.conftest import (
    ISSUER,
    KEY,
    OTHER_KEY,
    log_in,
    public,
    send,
    token,
    who,
)

pytestmark = pytest.mark.django_db(transaction=True)

URL = f"{ISSUER}/.well-known/openid-configuration"
KEYS = f"{ISSUER}/keys"


@pytest.fixture
def online(fetched: dict[str, Any]) -> dict[str, Any]:
    """A provider that answers, and has a new key beside the old one."""
    fetched[URL] = {"issuer": ISSUER, "jwks_uri": KEYS, "end_session_endpoint": f"{ISSUER}/out"}
    fetched[KEYS] = {"keys": [public(KEY), public(OTHER_KEY, "2"), "no key"]}
    return fetched


def provider() -> Any:
    return providers.configured()["op"]


def let_cool(published: ProviderMetadata) -> None:
    """Let the cool-down pass, in the row and in this process."""
    then = timezone.now() - metadata.COOL_DOWN
    ProviderMetadata.objects.filter(pk=published.pk).update(tried_at=then)
    metadata._remembered.cache_clear()


def test_new_key_is_fetched_once(user: Any, online: Any, published: Any) -> None:
    """BCL-24: not before the cool-down is over, and then by one request."""
    browser = log_in(user)
    rotated = token(OTHER_KEY, headers={"kid": "2"})
    assert send(rotated).status_code == 400
    assert online["count"] == 0
    let_cool(published)
    assert send(token(OTHER_KEY, headers={"kid": "3"})).status_code == 400
    assert online["count"] == 2  # The document, and the keys.
    assert send(rotated).status_code == 200
    assert who(browser) == [""]
    for number in range(20):
        assert send(token(headers={"kid": f"unknown {number}"})).status_code == 400
    assert online["count"] == 2


def test_key_that_another_process_has_fetched_is_found(
    user: Any, published: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a fetch, though this process remembers the row for a minute."""
    browser = log_in(user)
    assert send(token(headers={"kid": "2"})).status_code == 400
    row = ProviderMetadata.objects.filter(pk=published.pk)
    row.update(keys=[public(OTHER_KEY, "2")], tried_at=timezone.now())
    now = metadata.monotonic()
    monkeypatch.setattr(metadata, "monotonic", lambda: now + metadata.PAUSE)
    assert send(token(OTHER_KEY, headers={"kid": "2"})).status_code == 200
    assert who(browser) == [""]


def test_tokens_with_unknown_keys_cost_no_queries(
    published: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone can send them. The row is not read more often than the pause says."""
    clock = metadata.monotonic()
    monkeypatch.setattr(metadata, "monotonic", lambda: clock)
    with django_assert_num_queries(1):
        for number in range(5):
            assert metadata.find_keys(provider(), f"unknown {number}") == []
    clock += metadata.PAUSE
    with django_assert_num_queries(1):
        for number in range(5):
            assert metadata.find_keys(provider(), f"unknown {number}") == []


def test_while_another_process_fetches_nobody_else_does(online: Any, published: Any) -> None:
    """The row is read again, and not written."""
    let_cool(published)
    old = ProviderMetadata.objects.get()
    ProviderMetadata.objects.update(tried_at=timezone.now())
    assert metadata._refresh(provider(), old) is True
    assert online["count"] == 0


def test_first_fetch_makes_the_row(online: Any, published: Any) -> None:
    """And what a process remembers is used for a minute."""
    ProviderMetadata.objects.all().delete()
    assert metadata.find_document(provider())["end_session_endpoint"] == f"{ISSUER}/out"
    ProviderMetadata.objects.all().delete()
    assert metadata.find_document(provider())
    assert online["count"] == 2


def test_provider_that_is_down(fetched: Any, published: Any, caplog: Any, monkeypatch: Any) -> None:
    """Its old document is used; without one, nothing is known. A failed fetch cools down too."""
    metadata._failures.reset()
    long_ago = timezone.now() - timedelta(days=3)
    ProviderMetadata.objects.update(fetched_at=long_ago, tried_at=long_ago)
    assert metadata.find_document(provider())["issuer"] == ISSUER
    assert metadata.find_document(provider())["issuer"] == ISSUER
    assert fetched["count"] == 1
    assert "The provider op does not answer" in caplog.text
    ProviderMetadata.objects.all().delete()
    metadata._remembered.cache_clear()
    for _ in range(5):
        assert metadata.find_document(provider()) == {}
    assert fetched["count"] == 2
    ProviderMetadata.objects.all().delete()
    monkeypatch.setattr(metadata._failures, "admit", lambda: None)
    assert metadata.refresh(provider()) is not None


def test_clock_that_was_set_back(online: Any, published: Any) -> None:
    """The provider is asked all the same."""
    ProviderMetadata.objects.update(tried_at=timezone.now() + timedelta(days=1))
    metadata._remembered.cache_clear()
    assert metadata.find_keys(provider(), "2")
    assert online["count"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {URL: {"issuer": "https://other.example", "jwks_uri": KEYS}},
        {KEYS: {"keys": "none"}},
        {KEYS: {}},
    ],
)
def test_wrong_documents_are_not_used(online: Any, published: Any, changes: Any) -> None:
    """A document of another issuer, or without keys."""
    online.update(changes)
    let_cool(published)
    assert metadata.find_keys(provider(), "2") == []
    assert ProviderMetadata.objects.get().keys == published.keys


def test_provider_without_keys(online: Any, published: Any) -> None:
    """It may have a logout page all the same."""
    online[URL] = {"issuer": ISSUER}
    let_cool(published)
    assert metadata.find_keys(provider(), "2") == []
    assert ProviderMetadata.objects.get().document == {"issuer": ISSUER}


def test_what_the_settings_say_is_not_asked(online: Any, published: Any, set_provider: Any) -> None:
    """With both URLs, the document is not needed."""
    set_provider(JWKS_URI=KEYS, END_SESSION_ENDPOINT=f"{ISSUER}/out")
    let_cool(published)
    assert metadata.find_keys(provider(), "2")
    assert online["count"] == 1
