"""Talk to providers and clients over HTTP, at addresses that are checked first.

The connection is made to the address that was checked, so that a name cannot lead elsewhere between
the two. Redirects are not followed. The size is limited, and so is the time of the whole: the look-up of
the name, the connection, TLS, the header and the body.
"""

import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPException
from threading import Thread
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

#: How long a request may take, in seconds, and how many bytes of the answer are read.
SECONDS = 2.0
MAX_BYTES = 512 * 1024


#: IPv6 addresses that stand for one of IPv4 in their last 32 bits: NAT64 (RFC 6052).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Addresses that Python takes for public: those of local NAT64 (RFC 8215), and the deprecated ones that
#: are compatible with IPv4 or local to a site (RFC 4291).
NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "::/96", "fec0::/10")))

#: Whether plain HTTP and private addresses are accepted: everywhere, or in these networks.
Trust = bool | Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]

_Message = tuple[str, str, bytes | None, dict[str, str]]


class FetchFailed(Exception):
    """There is no answer that can be used. The message says why, and names no secret."""

    def __init__(self, message: str, code: str = "unreachable") -> None:
        super().__init__(message)
        self.code = code
        "Why, in one word."


class Answer(NamedTuple):
    """What a server has answered."""

    status: int
    body: bytes
    is_whole: bool
    "Whether the body was not longer than what is read."


def fetch_json(url: str, *, trusted_network: Trust) -> dict[str, Any]:
    """Return the JSON object at a URL.

    With ``trusted_network``, plain HTTP and private addresses are accepted. Raises
    :class:`FetchFailed` for whatever goes wrong.
    """
    answer = send("GET", url, trusted_network=trusted_network)
    if answer.status != 200:
        raise FetchFailed(f"{url} answered with status {answer.status}.")
    if not answer.is_whole:
        raise FetchFailed(f"{url} is too large.")
    try:
        found = json.loads(answer.body)
        # Python takes more for JSON than databases do: NaN, NUL, and halves of characters.
        text = json.dumps(found, allow_nan=False, ensure_ascii=False)
        if "\\u0000" in text or not text.encode():
            raise ValueError("a string holds NUL")
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{url} is not JSON.") from error
    if not isinstance(found, dict):
        raise FetchFailed(f"{url} is not a JSON object.")
    return found


def send(
    method: str,
    url: str,
    *,
    trusted_network: Trust,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    seconds: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Send a request, and return the answer of any status.

    With ``trusted_network``, plain HTTP and private addresses are accepted: all of them, or those of
    some networks. At most ``max_bytes`` of the answer are read. Raises :class:`FetchFailed` if there
    is no answer within ``seconds`` (``SECONDS`` by default).

    A look-up of a name cannot be cut short, nor can a header that comes byte by byte. So a thread does
    all that, and is left alone once its time is over.
    """
    seconds = SECONDS if seconds is None else seconds
    parts = _split(url)
    if parts.scheme != "https" and not (trusted_network and parts.scheme == "http"):
        raise FetchFailed(f"{url} is not an HTTPS URL.", "not_https")
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    message = method, path, body, {"Host": parts.netloc, "Accept": "application/json", **headers}
    exchange = _Exchange(message, seconds, max_bytes)
    work = partial(exchange.run, parts, trusted_network)
    try:
        Thread(target=work, name="django-logout-send", daemon=True).start()
        return exchange.answer.result(seconds)
    except FetchFailed:
        raise
    except TimeoutError as error:
        raise FetchFailed(f"{url} took too long.", "timeout") from error
    except (HTTPError, HTTPException, OSError, ValueError, RuntimeError) as error:
        code = "tls" if isinstance(error, ssl.SSLError) else "unreachable"
        raise FetchFailed(f"{url} could not be fetched: {type(error).__name__}.", code) from error
    finally:
        exchange.abandon()


class _Exchange:
    """One request and its answer, in a thread of their own."""

    def __init__(self, message: _Message, seconds: float, max_bytes: int) -> None:
        self.message, self.seconds, self.max_bytes = message, seconds, max_bytes
        self.answer: Future[Answer] = Future()
        self.socket: Any = None
        self.is_over = False

    def run(self, parts: SplitResult, trusted_network: Trust) -> None:
        """Connect, send the request and read the answer."""
        try:
            with closing(_connection(parts, trusted_network, self.seconds)) as connection:
                connection.connect()
                self.socket = connection.sock
                if self.is_over:
                    return
                method, path, body, headers = self.message
                connection.request(
                    method, path, body, headers, preload_content=False, decode_content=False
                )
                self.answer.set_result(self._read(connection.getresponse()))
        except Exception as error:  # noqa: BLE001 - the thread that waits raises it
            self.answer.set_exception(error)

    def abandon(self) -> None:
        """Let the thread end at once, wherever it waits for the server. It has ended, usually."""
        self.is_over = True
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def _read(self, response: HTTPResponse) -> Answer:
        body = b""
        while len(body) <= self.max_bytes and (chunk := response.read1(self.max_bytes + 1)):
            body += chunk
        return Answer(response.status, body[: self.max_bytes], len(body) <= self.max_bytes)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError
    except ValueError as error:
        raise FetchFailed(f"{url} has no valid host or port.") from error
    return parts


def _connection(parts: SplitResult, trusted_network: Trust, seconds: float) -> HTTPConnection:
    """Return a connection, not open yet, to the address that the host's name has now."""
    host = parts.hostname or ""
    address = _resolve(host, trusted_network)
    if parts.scheme == "http":
        if not _is_trusted(address, trusted_network):
            raise FetchFailed(f"{host} is outside of the trusted networks.", "not_https")
        return HTTPConnection(address, parts.port, timeout=seconds)
    name: dict[str, Any] = {"server_hostname": host, "assert_hostname": host}
    return HTTPSConnection(address, parts.port, timeout=seconds, **name)


def _resolve(host: str, trusted_network: Trust) -> str:
    """Return the first address of a host, if all of its addresses may be connected to."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{host} has no address.") from error
    addresses = [str(address[0]) for *_, address in found]
    for address in addresses:
        if not (_is_trusted(address, trusted_network) or _is_public(address)):
            raise FetchFailed(f"{host} has a private address.", "private_address")
    return addresses[0]


def _is_trusted(address: str, trusted_network: Trust) -> bool:
    if isinstance(trusted_network, bool):
        return trusted_network
    return any(_parse(address) in network for network in trusted_network)


def _is_public(address: str) -> bool:
    parsed = _parse(address)
    is_special = parsed.is_multicast or any(parsed in network for network in NOT_PUBLIC)
    return bool(parsed.is_global and not is_special)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address, or the one of IPv4 that it leads to."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return parsed
    if parsed in NAT64:
        return ipaddress.IPv4Address(parsed.packed[-4:])
    return parsed.ipv4_mapped or parsed.sixtofour or parsed
