"""The address that HOST and PORT name: what a server binds, and what it is called in a URL."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass

from shared.errors import StartError

CURE = "HOST=127.0.0.1 listens for this machine only, HOST=0.0.0.0 for its network too"

# A machine that compilers build for, such as x86_64-conda-linux-gnu: an activated conda environment
# with compilers in it has one in HOST.
_TRIPLET = re.compile(
    r"(x86_64|i[3-6]86|aarch64|arm\w*|powerpc64le|ppc64le|s390x|riscv64)-\w+-[\w.]+(-\w+)?"
)
# To listen on these is to listen on every address; to connect, one of them has to be named.
_EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on, resolved: `family` and `sockaddr` are as `socket.bind` takes them,
    `sockaddr[0]` is numeric."""

    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def host(self) -> str:
        """The numeric address, without brackets."""
        return self.sockaddr[0]

    @property
    def port(self) -> int:
        """The port."""
        return self.sockaddr[1]

    @property
    def connect_host(self) -> str:
        """The numeric address at which this machine reaches it."""
        return _EVERY.get(self.host, self.host)

    @property
    def url(self) -> str:
        """The URL, without a slash at its end, at which this machine reaches it."""
        if self.family == socket.AF_INET6:
            # The scope of a link-local address is set off by a %, which a URL escapes.
            return f"http://[{self.connect_host.replace('%', '%25')}]:{self.port}"
        return f"http://{self.connect_host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        address = ipaddress.ip_address(self.host)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            return address.ipv4_mapped.is_loopback
        return address.is_loopback


def listening_address(host: str, port: int) -> Address:
    """The address to listen on for a HOST, which may be a name.

    A name may stand for several addresses. An IPv4 one is preferred: a client that uses the name
    tries all of them, and with HOST=localhost a client that uses 127.0.0.1 is answered, too.

    Raises:
        StartError: HOST is no address of this machine.
    """
    if _TRIPLET.fullmatch(host):
        # Without asking a name server, which may take long to say no.
        raise StartError(
            f"HOST is {host!r}, which is no address of this machine: conda sets HOST for its "
            "compilers; run `HOST=127.0.0.1 make run`"
        )
    reason = ""
    try:
        for address in _resolve(host, port):
            try:
                # With any port: whether PORT is free is another question.
                _bind(address, 0)
                return address
            except OSError as error:
                reason = error.strerror or str(error)
    except (OSError, UnicodeError) as error:
        # UnicodeError: what cannot be the name of any machine, as "a..b".
        reason = getattr(error, "strerror", None) or "not a name"
    raise StartError(f"HOST is {host!r}, which is no address of this machine ({reason}); {CURE}")


def refuse_taken_port(host: str, port: int) -> None:
    """See that HOST and PORT can be listened on.

    Raises:
        StartError: the port is taken, or not ours to take, or HOST is no address of this machine.
    """
    address = listening_address(host, port)
    try:
        _bind(address, port)
    except OSError as error:
        raise cannot_listen(host, port, error) from error


def cannot_listen(host: str, port: int, error: OSError) -> StartError:
    """What to say when the system refuses to let us listen on HOST and PORT."""
    # An event loop puts a sentence of its own into `strerror`.
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StartError(f"HOST is {host!r} and PORT is {port}, which cannot be listened on: {reason}")


def is_loopback_only(host: str) -> bool:
    """Whether every address that HOST stands for is reached from this machine only."""
    try:
        return all(address.is_loopback for address in _resolve(host, 0))
    except (OSError, UnicodeError):
        return False


def _resolve(host: str, port: int) -> list[Address]:
    """Every address that HOST stands for, IPv4 first."""
    found = [
        Address(family, sockaddr)  # type: ignore[arg-type]
        for family, _, _, _, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    return sorted(found, key=lambda address: address.family != socket.AF_INET)


def _bind(address: Address, port: int) -> None:
    with socket.socket(address.family, socket.SOCK_STREAM) as probe:
        # As servers do, so that a port that was just left counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.sockaddr[0], port, *address.sockaddr[2:]))
