"""Whether the gateway, and everything behind it, is ready."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

from local.console import say
from local.stop_request import StopRequest
from local.supervisor import Supervisor
from shared.address import Address

LOOK_EVERY = 0.1
SAY_EVERY = 10.0


def wait_until_ready(
    address: Address,
    supervisor: Supervisor,
    stop_request: StopRequest,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait for the first time that `/readyz` says that all is ready. That takes as long as the
    model loads, so it is waited for while every part runs, and said what it is that takes so long.
    `clock` is in seconds.

    Raises:
        PartRefusedError: a part cannot start as it was set up.
        StartError: a part ended.
        Stopped: a signal asked us to stop.
    """
    began = said = clock()
    while True:
        missing = what_is_missing(address)
        if missing is None:
            return
        supervisor.refuse_dead()
        if clock() - said >= SAY_EVERY:
            said = clock()
            say(f"still starting after {said - began:.0f} s: {missing}; Ctrl-C stops")
        stop_request.pause(LOOK_EVERY)


def what_is_missing(address: Address) -> str | None:
    """What `/readyz` says now that is not ready; None when all is. Asked directly: `urllib` would
    ask by way of a proxy that the environment names, where this machine's own addresses mean
    another machine."""
    connection = HTTPConnection(address.connect_host, address.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        states = dict(json.load(connection.getresponse()))
        if states.pop("status") == "ready":
            return None
        states.pop("error", None)
        missing = [f"{part}: {state}" for part, state in states.items() if state != "ready"]
        return "; ".join(missing) or "not ready"
    except (HTTPException, OSError, ValueError, LookupError, TypeError):
        # Not up yet, or something else answers on this port.
        return "the gateway does not answer"
    finally:
        connection.close()
