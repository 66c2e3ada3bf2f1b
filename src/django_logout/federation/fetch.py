"""Fetch what providers publish, from addresses that are checked first.

The connection is made to the address that was checked, so that a name cannot lead elsewhere between
the two. Redirects are not followed, and the size and the time are limited.
"""

import ipaddress
import json
import socket
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

#: How long one fetch may take, in seconds, and how many bytes it may bring.
SECONDS = 2.0
MAX_BYTES = 512 * 1024


class FetchFailed(Exception):
    """A document could not be fetched. The message says why, and names no secret."""


def fetch_json(url: str, *, trusted_network: bool) -> dict[str, Any]:
    """Return the JSON object at a URL.

    With ``trusted_network``, plain HTTP and private addresses are accepted. Raises
    :class:`FetchFailed` for whatever goes wrong.
    """
    deadline = monotonic() + SECONDS
    parts = urlsplit(url)
    if parts.scheme != "https" and not (trusted_network and parts.scheme == "http"):
        raise FetchFailed(f"{url} is not an HTTPS URL.")
    pool = _pool(parts, trusted_network)
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        response = pool.urlopen(
            "GET",
            path,
            headers={"Host": parts.netloc, "Accept": "application/json"},
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        if response.status != 200:
            raise FetchFailed(f"{url} answered with status {response.status}.")
        body = b""
        while chunk := response.read1(MAX_BYTES):
            body += chunk
            if len(body) > MAX_BYTES:
                raise FetchFailed(f"{url} is too large.")
            if monotonic() > deadline:
                raise FetchFailed(f"{url} took too long.")
    except (HTTPError, OSError) as error:
        raise FetchFailed(f"{url} could not be fetched: {type(error).__name__}.") from error
    finally:
        pool.close()
    try:
        found = json.loads(body)
    except ValueError as error:
        raise FetchFailed(f"{url} is not JSON.") from error
    if not isinstance(found, dict):
        raise FetchFailed(f"{url} is not a JSON object.")
    return found


def _pool(parts: SplitResult, trusted_network: bool) -> HTTPConnectionPool:
    """Return a pool of connections to the address that the host's name has now."""
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchFailed(f"{parts.netloc} has no valid port.") from error
    address = _resolve(host, trusted_network)
    timeout = Timeout(total=SECONDS)
    if parts.scheme == "http":
        return HTTPConnectionPool(address, port, timeout=timeout, maxsize=1)
    names = {"server_hostname": host, "assert_hostname": host}
    return HTTPSConnectionPool(address, port, timeout=timeout, maxsize=1, **names)  # type: ignore[arg-type]


def _resolve(host: str, trusted_network: bool) -> str:
    """Return the first address of a host, if all of its addresses may be connected to."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{host} has no address.") from error
    addresses = [str(address[0]) for *_, address in found]
    for address in addresses:
        if not (trusted_network or _is_public(address)):
            raise FetchFailed(f"{host} has a private address.")
    return addresses[0]


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return bool(mapped.is_global and not mapped.is_multicast)
