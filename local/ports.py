"""Free ports on this machine."""

from __future__ import annotations

import random
import socket

# Below the ports that systems give to outgoing connections: one of those could be taken by any
# connection before the server that it was found for listens on it.
_PORTS = range(15000, 32000)
_TRIES = 200

_given: set[int] = set()


def free_port() -> int:
    """A TCP port that nothing listens on now, and that this process was not given before.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        # Not one after the other: another process may be looking for a port as well.
        port = random.choice(_PORTS)  # noqa: S311
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port from {_PORTS.start} to {_PORTS.stop - 1} was found")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
