"""Carries requests to a gateway over one kept connection, as a real client does."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

from shared.queue.messages import Kind
from tests.faults.record import Absence, Address, Ask, Record

# Longer than any answer may take; who waits for this long hangs.
TIMEOUT = 15.0


class NothingSentError(Exception):
    """Nobody listens there, so there is no request to account for."""


class Courier:
    """One client's connection. Not for several threads."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._address: Address | None = None
        self._connection: HTTPConnection | None = None

    def send(self, ask: Ask, address: Address) -> Record:
        """Send one request and wait for what comes of it.

        Raises:
            NothingSentError: the gateway takes no connection.
        """
        sent_at = time.monotonic()
        connection = self._connect(address)
        headers = {"Content-Type": "application/json"}
        if ask.respond_async:
            headers["Prefer"] = "respond-async"
        path = "/predict" if ask.kind is Kind.PREDICT else "/update"
        try:
            connection.request("POST", path, ask.body, headers)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            self.close()
            return Record(ask, sent_at, time.monotonic(), absence=Absence.TIMEOUT, gateway=address)
        except (OSError, HTTPException):
            self.close()
            return Record(ask, sent_at, time.monotonic(), absence=Absence.BROKEN, gateway=address)
        if response.will_close:
            self.close()
        retry_after = response.headers.get("Retry-After")
        ended_at = time.monotonic()
        return Record(
            ask, sent_at, ended_at, response.status, _object(data), retry_after, gateway=address
        )

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self, address: Address) -> HTTPConnection:
        if self._connection is not None and self._address == address:
            return self._connection
        self.close()
        connection = HTTPConnection(*address, timeout=self._timeout)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NothingSentError from error
        self._connection, self._address = connection, address
        return connection


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
