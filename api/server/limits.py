"""What one client may take of a connection's time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds: how long a head may take to come, how long the rest of a body may take that
    its route did not read, and how long a client may read nothing of its answer."""

    head: float
    unread_body: float
    send: float
