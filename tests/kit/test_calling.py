"""Calling strangers: only public machines, over HTTPS, with limits; DNS, redirects and spellings get nobody further."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stoa.kit.calling import (
    AddressRefused,
    Bounds,
    CertificateRefused,
    HostUnknown,
    TimedOut,
    Unreachable,
    call,
    check_address,
)
from tests.fakes.receiver import Receiver, receiver

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NEAR = Bounds(LOOPBACK, plain_http=True)
STRICT = Bounds(plain_http=True)
PRIVATE = [
    *("http://localhost/", "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://2130706433/"),
    *("http://0177.0.0.1/", "http://[::1]/", "http://[::]/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/"),
    *("http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://169.254.169.254/latest/meta-data/"),
    *("http://[fd00:ec2::254]/", "http://10.0.0.5/", "http://172.16.3.4/", "http://192.168.1.1/"),
    *("http://100.64.0.1/", "http://100.100.100.200/", "http://168.63.129.16/", "http://192.0.0.192/"),
    *("http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/", "http://240.0.0.1/", "http://[fe80::1]/"),
    *("http://[fc00::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:1::1]/"),
    *("http://[fec0::1]/", "http://198.18.0.1/", "http://192.0.2.1/", "http://①②⑦.0.0.1/", "http://127。0。0。1/"),
    "http://[::ffff:0:127.0.0.1]/",
]
PUBLIC = ["8.8.8.8", "223.5.5.5", "2606:4700:4700::1111", "::ffff:8.8.8.8"]


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


def names(*answers: Sequence[str]) -> Bounds:
    """DNS that says one thing after the other, the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return Bounds(plain_http=True, resolve=resolve)


@pytest.mark.parametrize("address", PRIVATE)
async def test_what_is_not_public_is_not_called(address: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        await call(address, bounds=STRICT)

    assert refused.value.code == "ADDRESS_REFUSED"


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_called(address: str) -> None:
    assert STRICT.may_reach(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [each for each in PRIVATE if "localhost" not in each])
def test_literal_addresses_are_refused_before_they_are_kept(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(address, STRICT)


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://shop.example/", "file:///etc/passwd", "shop.example", "", "https://", "https:///x", "http://[::1"),
        *("javascript:alert(1)", "gopher://shop.example/", f"https://shop.example/{'a' * 2000}", "https://a\x00b/"),
        *("https://a..b/", f"https://{'a' * 64}.example/"),
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="begins with https:// and names a host"):
        check_address(address, STRICT)


def test_plain_http_is_refused_unless_allowed() -> None:
    with pytest.raises(AddressRefused, match="use https"):
        check_address("http://shop.example/", Bounds())

    assert check_address(" https://shop.example/hook?a=1#part ", Bounds()) == "https://shop.example/hook?a=1"
    assert check_address("http://shop.example/", STRICT) == "http://shop.example/"


def test_names_of_any_script_are_called_as_dns_has_them() -> None:
    assert check_address("https://茶.example/", Bounds()) == "https://xn--cl1a.example/"


def test_passwords_in_addresses_are_refused() -> None:
    with pytest.raises(AddressRefused, match="no user name and no password"):
        check_address("https://zeno:secret@shop.example/", Bounds())


@pytest.mark.parametrize("port", [22, 25, 80, 110, 389, 445, 993])
def test_ports_of_other_things_than_the_web_are_refused(port: int) -> None:
    with pytest.raises(AddressRefused, match=f"Port {port} is not called"):
        check_address(f"https://shop.example:{port}/", Bounds())

    check_address("https://shop.example:8443/", Bounds())


async def test_dns_that_changes_its_answer_gains_nothing(stranger: Receiver) -> None:
    """What is judged is what is connected to: first the name is public, then it is this machine."""
    address = f"http://shop.example:{stranger.port}/"
    bounds = names(["203.0.114.1"], ["127.0.0.1"])
    check_address(address, bounds)
    await bounds.resolve("shop.example", 80)

    with pytest.raises(AddressRefused):
        await call(address, bounds=bounds)

    assert stranger.heard == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(stranger: Receiver) -> None:
    with pytest.raises(AddressRefused):
        await call(f"http://shop.example:{stranger.port}/", bounds=names(["8.8.8.8", "127.0.0.1"]))

    assert stranger.heard == []


async def test_a_redirect_is_an_answer_and_is_not_followed(stranger: Receiver) -> None:
    stranger.always = (
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )

    answer = await call(stranger.url, bounds=NEAR)

    assert (answer.status, len(stranger.heard)) == (302, 1)


async def test_proxies_of_the_environment_are_not_asked(stranger: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert (await call(stranger.url, bounds=NEAR)).status == 200


async def test_what_is_sent_arrives_and_the_answer_is_kept(stranger: Receiver) -> None:
    answer = await call(
        f"{stranger.url}/hook?a=1", content="茶".encode(), headers={"Content-Type": "text/plain"}, bounds=NEAR
    )

    assert (answer.status, answer.body, answer.is_cut) == (200, b"ok", False)
    [heard] = stranger.heard
    assert (heard.line, heard.body.decode()) == ("POST /hook?a=1 HTTP/1.1", "茶")
    assert heard.headers["host"] == f"127.0.0.1:{stranger.port}"
    assert heard.headers["content-type"] == "text/plain"


async def test_an_answer_without_end_is_cut(stranger: Receiver) -> None:
    stranger.always = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 500_000

    answer = await call(stranger.url, most_bytes=1000, bounds=NEAR)

    assert (len(answer.body), answer.is_cut) == (1000, True)


async def test_headers_without_end_are_not_read(stranger: Receiver) -> None:
    stranger.always = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000

    with pytest.raises(Unreachable):
        await call(stranger.url, bounds=NEAR)


async def test_who_does_not_answer_is_not_waited_for(stranger: Receiver) -> None:
    stranger.holds.clear()

    with pytest.raises(TimedOut, match="took longer than 0.2 seconds"):
        await call(stranger.url, seconds=0.2, bounds=NEAR)


async def test_who_answers_drop_by_drop_is_not_waited_for() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimedOut):
            await call(f"http://127.0.0.1:{port}/", seconds=0.3, bounds=NEAR)


async def test_nobody_there(stranger: Receiver) -> None:
    stranger.always = b""

    with pytest.raises(Unreachable, match="broke the connection off"):
        await call(stranger.url, bounds=NEAR)
    with pytest.raises(Unreachable, match="takes no connection"):
        await call("http://127.0.0.1:1025/", bounds=NEAR)


async def test_a_name_that_nobody_has() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(HostUnknown, match="There is no host shop.example"):
        await call("https://shop.example/", bounds=Bounds(resolve=resolve))


async def test_the_certificate_must_be_the_names(tmp_path: Path) -> None:
    """The connection goes to the address that was judged; the certificate is still asked for by name."""
    theirs, ours = certificate_of("shop.example", tmp_path)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    bounds = Bounds(LOOPBACK, resolve=resolve, certificates=ours)
    async with receiver(theirs) as started:
        answer = await call(f"https://shop.example:{started.port}/", bounds=bounds)
        assert answer.status == 200
        with pytest.raises(CertificateRefused, match="other.example"):
            await call(f"https://other.example:{started.port}/", bounds=bounds)
        with pytest.raises(CertificateRefused):
            await call(f"https://shop.example:{started.port}/", bounds=Bounds(LOOPBACK, resolve=resolve))
        assert len(started.heard) == 1


def certificate_of(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of that name shows, and what a client trusts that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, today = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
