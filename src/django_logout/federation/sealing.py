"""Encrypt what is stored of providers' tokens, by a key derived from ``SECRET_KEY``."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "django_logout.federation.sealing"


def seal(text: str) -> str:
    """Return the text, encrypted; ``""`` for an empty text."""
    return _ciphers().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """Return what was encrypted; ``""`` if its key is gone, or if it was not encrypted here."""
    try:
        return _ciphers().decrypt(sealed).decode() if sealed else ""
    except InvalidToken:
        return ""


def _ciphers() -> MultiFernet:
    """Return the ciphers of ``SECRET_KEY``, and of the keys before it."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [salted_hmac(SALT, "key", secret, algorithm="sha256").digest() for secret in secrets]
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])
