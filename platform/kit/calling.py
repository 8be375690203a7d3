"""Calling addresses that strangers gave us: over HTTPS, only to public machines, with limits on time and on the answer.

Built on httpcore, the engine of httpx that is here already, because it takes a `network_backend` as part of its public
interface: one function through which every connection is opened. There a name is looked up once, every address it has
is judged, and the judged address is the one connected to, so a DNS server that changes its answer gains nothing; TLS
still asks for the certificate of the name. It also follows no redirect, reads no proxy from the environment, keeps no
cookies and unpacks nothing, where httpx has to be told. (aiohttp judges in its resolver, past which literal addresses
go.)

Each call has a connection of its own: no shop waits for another's, and nothing is left to be closed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpcore
import httpx

from stoa.kit.errors import Refusal
from stoa.settings import Settings, settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Stream = httpcore.AsyncNetworkStream
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

SECONDS = 15.0
CONNECT_SECONDS = 5.0
MOST_BYTES = 64 * 1024
LONGEST_ADDRESS = 2000
_LOWEST_FREE_PORT = 1024  # below it other things than the web listen: mail, files, terminals
# Not public whatever this Python's `ipaddress` says: IPv4 addresses said in IPv6, protocols' own, services of clouds
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10"),
        *("2001::/23", "5f00::/16", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"),
    )
)
# Threads of its own: names that nobody answers for must not keep those from waiting who hash passwords
_names = ThreadPoolExecutor(max_workers=8, thread_name_prefix="names")


class AddressRefused(Refusal):
    """An address that is not called, whoever asks."""

    code = "ADDRESS_REFUSED"


class NoAnswer(Refusal):
    """It was called, and no answer came. The subclasses say why."""

    code = "NO_ANSWER"


class HostUnknown(NoAnswer):
    code = "HOST_UNKNOWN"


class Unreachable(NoAnswer):
    code = "UNREACHABLE"


class TimedOut(NoAnswer):
    code = "TIMED_OUT"


class CertificateRefused(NoAnswer):
    code = "CERTIFICATE_REFUSED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `is_cut`: there was more of the body than the call wanted."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system's resolver knows them. Raises `OSError`."""
    found = await asyncio.get_running_loop().run_in_executor(_names, _addresses, host, port)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far calls may go. `networks` may be called, public or not; `certificates` None: the public ones."""

    networks: tuple[Network, ...] = ()
    plain_http: bool = False
    resolve: Resolve = look_up
    certificates: ssl.SSLContext | None = None

    @classmethod
    def of(cls, ours: Settings) -> Bounds:
        return cls(tuple(ipaddress.ip_network(each) for each in ours.callable_networks), ours.call_plain_http)

    def may_reach(self, address: IpAddress) -> bool:
        """By where packets would go: an IPv4 address written as IPv6 is judged as the IPv4 address."""
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in self.networks):
            return True
        if address.is_multicast or address.is_reserved or not address.is_global:
            return False
        return not any(address in network for network in _NEVER)


def check_address(address: str, bounds: Bounds | None = None) -> str:
    """The address as it will be called. Raises `AddressRefused` for what can be told without asking DNS."""
    bounds = bounds or Bounds.of(settings())
    url = _parsed(address)
    if url.scheme == "http" and not bounds.plain_http:
        raise AddressRefused("Plain http is not called: use https.")
    if url.userinfo:
        raise AddressRefused("An address that is called holds no user name and no password.")
    _check_port(url.port, bounds)
    try:
        literal = _addresses(url.host, url.port or 443, socket.AI_NUMERICHOST)
    except UnicodeError:
        raise AddressRefused("A web address begins with https:// and names a host.") from None
    except OSError:
        return str(url)  # a name: what it means is judged when it is called
    _judge(url.host, literal, bounds)
    return str(url)


async def call(
    address: str,
    *,
    method: str = "POST",
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
    bounds: Bounds | None = None,
) -> Answer:
    """Send it and give what came back, whatever its status; of the body the first `most_bytes`.

    `seconds` is for all of it: looking up, connecting, sending and reading. Raises `AddressRefused`, also when only the
    connection shows where a name leads, and `NoAnswer`.
    """
    bounds = bounds or Bounds.of(settings())
    url = httpx.URL(check_address(address, bounds))
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(url, method, content, headers or {}, most_bytes, bounds)
    except (TimeoutError, httpcore.TimeoutException):
        raise TimedOut("{host} took longer than {seconds} seconds.", host=url.host, seconds=f"{seconds:g}") from None
    except httpcore.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise CertificateRefused("The certificate of {host} is not to be trusted.", host=url.host) from None
        raise Unreachable("{host} takes no connection.", host=url.host) from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise Unreachable("{host} broke the connection off.", host=url.host) from None


async def _exchange(
    url: httpx.URL, method: str, content: bytes, headers: Mapping[str, str], most_bytes: int, bounds: Bounds
) -> Answer:
    sent = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Stoa/1", **headers}
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    tls = bounds.certificates or _public_certificates()
    timeouts = {"timeout": {"connect": CONNECT_SECONDS}}
    async with (
        httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=_Judging(bounds)) as pool,
        pool.stream(method, target, headers=list(sent.items()), content=content, extensions=timeouts) as response,
    ):
        body, is_cut = await _first(response, most_bytes)
        heard = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, body, heard, is_cut)


async def _first(response: httpcore.Response, most_bytes: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > most_bytes:
            return bytes(body[:most_bytes]), True
    return bytes(body), False


class _Judging(httpcore.AsyncNetworkBackend):
    """Opens connections, to addresses that were judged and to no other."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._net = bounds, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        try:
            async with asyncio.timeout(timeout):
                found = await self._bounds.resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except (OSError, UnicodeError):
            raise HostUnknown("There is no host {host}.", host=host) from None
        _judge(host, found, self._bounds)
        return await self._first_of(found, port, timeout, local_address, socket_options)

    async def _first_of(self, found: Sequence[str], port: int, timeout: float | None, *more: Any) -> Stream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in found:
            try:
                return await self._net.connect_tcp(address, port, timeout, *more)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, *_: Any, **__: Any) -> Stream:
        raise AddressRefused("A web address names a host.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address.strip()).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        url = None
    if url is None or len(address) > LONGEST_ADDRESS or url.scheme not in ("http", "https") or not url.host:
        raise AddressRefused("A web address begins with https:// and names a host.")
    return url


def _check_port(port: int | None, bounds: Bounds) -> None:
    if port is None or port == 443 or port >= _LOWEST_FREE_PORT or (port == 80 and bounds.plain_http):
        return
    raise AddressRefused("Port {port} is not called: use 443, or one from 1024 on.", port=port)


def _judge(host: str, found: Sequence[str], bounds: Bounds) -> None:
    """One address that is not public is enough: whoever mixes them means to have one of them tried.

    Which address it is stays unsaid: it would tell strangers about the network that we stand in.
    """
    if not all(bounds.may_reach(ipaddress.ip_address(each.partition("%")[0])) for each in found):
        raise AddressRefused("{host} is not a public address: such are not called.", host=host)


def _addresses(host: str, port: int, flags: int = 0) -> Sequence[str]:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [str(each[4][0]) for each in infos]


@cache
def _public_certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
