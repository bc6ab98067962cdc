"""`shared.address`: what HOST stands for."""

from __future__ import annotations

import socket
import time

import pytest

from shared.address import Address, is_loopback_only, listening_address, refuse_taken_port
from shared.errors import StartError


@pytest.mark.parametrize(
    ("host", "bound", "url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:5000"),
        ("localhost", "127.0.0.1", "http://127.0.0.1:5000"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:5000"),
        ("::1", "::1", "http://[::1]:5000"),
        ("0:0:0:0:0:0:0:1", "::1", "http://[::1]:5000"),
        ("::", "::", "http://[::1]:5000"),
    ],
)
def test_addresses(host: str, bound: str, url: str) -> None:
    """The address as a socket takes it, and the URL at which this machine reaches it."""
    address = listening_address(host, 5000)
    assert (address.host, address.port, address.url) == (bound, 5000, url)
    with socket.socket(address.family) as probe:
        probe.bind((address.sockaddr[0], 0, *address.sockaddr[2:]))


def test_this_machines_name() -> None:
    """Stands for an address that can be listened on."""
    name = socket.gethostname()
    found = {sockaddr[0] for *_, sockaddr in socket.getaddrinfo(name, None)}
    assert listening_address(name, 5000).host in found


def test_a_name_of_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is this machine's is listened on, IPv4 rather than IPv6; as others may be reached
    from elsewhere, the name is not taken for loopback."""
    found: list[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]] = [
        (socket.AF_INET6, ("::1", 5000, 0, 0)),
        (socket.AF_INET, ("203.0.113.1", 5000)),
        (socket.AF_INET, ("127.0.0.1", 5000)),
    ]
    # No name of this machine stands for such a mixture by itself.
    answer = [(family, socket.SOCK_STREAM, 6, "", sockaddr) for family, sockaddr in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    assert listening_address("mixture", 5000).host == "127.0.0.1"
    assert not is_loopback_only("mixture")


def test_a_scope_is_escaped_in_a_url() -> None:
    """As RFC 6874 has it."""
    address = Address(socket.AF_INET6, ("fe80::1%eth0", 80, 0, 2))
    assert address.url == "http://[fe80::1%25eth0]:80"


@pytest.mark.parametrize(
    "host", ["203.0.113.1", "2001:db8::1", "nowhere.invalid", "a..b", "x" * 70, "127.0.0.1:80"]
)
def test_no_address_of_this_machine(host: str) -> None:
    """Said so, with what HOST held and what to do, whether or not anybody has that address."""
    with pytest.raises(StartError) as caught:
        listening_address(host, 5000)
    text = str(caught.value)
    assert text.startswith(f"HOST is {host!r}, which is no address of this machine (")
    assert "HOST=127.0.0.1" in text and "\n" not in text


@pytest.mark.parametrize(
    "host",
    [
        "x86_64-conda-linux-gnu", "x86_64-conda_cos6-linux-gnu", "aarch64-conda-linux-gnu",
        "powerpc64le-conda-linux-gnu", "s390x-conda-linux-gnu", "x86_64-apple-darwin13.4.0",
        "arm64-apple-darwin20.0.0",
    ],
)  # fmt: skip
def test_what_conda_sets(host: str) -> None:
    """Named as the one who did it, at once: no name server is asked."""
    before = time.monotonic()
    with pytest.raises(StartError, match=r"conda sets HOST .* run `HOST=127.0.0.1 make run`"):
        refuse_taken_port(host, 5000)
    assert time.monotonic() - before < 0.1


@pytest.mark.parametrize("host", ["web-prod-1", "x86-build", "armada.example", "ip-10-0-0-1"])
def test_names_that_are_no_triplets(host: str) -> None:
    """A machine may well have a hyphen in its name."""
    try:
        listening_address(host, 5000)
    except StartError as error:
        assert "conda" not in str(error)


def test_a_taken_port() -> None:
    """Is another fault than a HOST that is not ours, and names both."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught:
            refuse_taken_port("localhost", port)
    text = str(caught.value)
    assert text.startswith(f"HOST is 'localhost' and PORT is {port}, which cannot be listened on:")
    refuse_taken_port("localhost", port)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True), ("127.8.9.10", True), ("localhost", True), ("::1", True),
        ("::ffff:127.0.0.1", True), ("::ffff:10.0.0.1", False), ("10.0.0.1", False),
        ("0.0.0.0", False), ("::", False), ("nowhere.invalid", False), ("a..b", False),
    ],
)  # fmt: skip
def test_loopback(host: str, is_loopback: bool) -> None:
    """Every address of 127.0.0.0/8 is; a name is when all that it stands for is."""
    assert is_loopback_only(host) is is_loopback
