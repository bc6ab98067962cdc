"""Whether the gateway, and everything behind it, is ready."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException

from local.stop_request import StopRequest
from local.supervisor import Supervisor
from shared.address import Address
from shared.errors import StartError

READY_WITHIN = 60.0
LOOK_EVERY = 0.1


def wait_until_ready(address: Address, supervisor: Supervisor, stop_request: StopRequest) -> None:
    """Wait for the first time that `/readyz` says that all is ready.

    Raises:
        PartRefusedError: a part cannot start as it was set up.
        StartError: a part ended, or it took too long.
        Stopped: a signal asked us to stop.
    """
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(address):
        supervisor.refuse_dead()
        if time.monotonic() > deadline:
            raise StartError(f"not ready within {READY_WITHIN:g} s")
        stop_request.pause(LOOK_EVERY)


def is_ready(address: Address) -> bool:
    """What `/readyz` says now, asked directly: `urllib` would ask by way of a proxy that the
    environment names, where this machine's own addresses mean another machine."""
    connection = HTTPConnection(address.connect_host, address.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return bool(json.load(connection.getresponse())["status"] == "ready")
    except (HTTPException, OSError, ValueError, LookupError, TypeError):
        # Not up yet, or something else answers on this port.
        return False
    finally:
        connection.close()
