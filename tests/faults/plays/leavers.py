"""Clients that do not stay for their answer."""

from __future__ import annotations

import socket
import struct
import time

from shared.queue.messages import Kind
from tests.faults import processes
from tests.faults.record import Absence, Address, Ask, Record
from tests.faults.stage import Stage

_WAITING = 0.3


def clients_left(stage: Stage) -> None:
    """Clients leave while they wait, since the worker is frozen: politely, or with a reset."""
    asks = [
        stage.predict() if number % 4 else stage.update(f"{stage.ids.name} nobody", 1)
        for number in range(stage.size.leavers)
    ]
    with processes.frozen(processes.tree(stage.worker)):
        sockets = [_send(ask, stage.addresses()[0]) for ask in asks]
        time.sleep(_WAITING)
        stage.strike("clients leave")
        for number, (ask, sent_at, connection) in enumerate(sockets):
            _leave(connection, rudely=bool(number % 2))
            stage.history.add(Record(ask, sent_at, time.monotonic(), absence=Absence.LEFT))


def _send(ask: Ask, address: Address) -> tuple[Ask, float, socket.socket]:
    path = "/predict" if ask.kind is Kind.PREDICT else "/update"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address[0]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(ask.body)}\r\n\r\n"
    )
    connection = socket.create_connection(address, timeout=5)
    sent_at = time.monotonic()
    connection.sendall(head.encode() + ask.body)
    return ask, sent_at, connection


def _leave(connection: socket.socket, rudely: bool) -> None:
    if rudely:
        # Closing with this set sends a reset instead of a goodbye.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
