"""What a generation tells the process that started it: a line of JSON each, through a pipe."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

# A report is written at once while it is shorter than a pipe's own limit (4096 bytes), and a letter
# of another alphabet is six bytes of JSON.
LONGEST_REASON = 600
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Tried:
    """Its trial has gone well, and now it starts its processes."""

    version: str


@dataclass(frozen=True, slots=True)
class Ready:
    """It takes work, and its model answers."""

    version: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot serve; it ends by itself, or has to be ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReloadAsked:
    """Somebody asks by way of Redis for a reload; `namespace` is the deployment's there."""

    reload_id: str
    namespace: str


Report = Tried | Ready | Refused | ReloadAsked
_KINDS = {kind.__name__: kind for kind in (Tried, Ready, Refused, ReloadAsked)}


class Reports:
    """The generation's end of the pipe. Any of its threads may write."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, report: Report) -> None:
        """Tell it; nobody listens any more when this process is to end."""
        if isinstance(report, Refused):
            report = Refused(report.reason[:LONGEST_REASON])
        line = json.dumps([type(report).__name__, asdict(report)])
        os.write(self._descriptor, f"{line}\n".encode())


class ReportReader:
    """The other end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_blocking(descriptor, False)
        self._rest = b""

    def read(self) -> list[Report]:
        """What has been told since; never waits."""
        try:
            while chunk := os.read(self.descriptor, _CHUNK):
                self._rest += chunk
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        found: list[Report] = []
        for line in lines:
            kind, fields = json.loads(line)
            found.append(_KINDS[kind](**fields))
        return found

    def close(self) -> None:
        """Hear nothing more."""
        os.close(self.descriptor)
