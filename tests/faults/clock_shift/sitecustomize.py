"""A process whose clock can be moved while it runs: Python imports this at its start, when its
folder is on PYTHONPATH. The shift, in seconds, is what the file named by FAULTS_CLOCK holds.

A process that imports pandas gets FAULTS_CLOCK_DATETIME=no: its compiled code takes the class
`datetime` apart and crashes on any other, so only `time` is moved there."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from datetime import datetime as _datetime
from datetime import timedelta, tzinfo
from pathlib import Path

_LOOK_EVERY = 0.05
_time, _time_ns, _monotonic = time.time, time.time_ns, time.monotonic
_file = Path(os.environ["FAULTS_CLOCK"]) if "FAULTS_CLOCK" in os.environ else None
_looked = -1.0
_shift = 0.0


def _now_shifted() -> float:
    global _looked, _shift
    if _file is not None and _monotonic() - _looked > _LOOK_EVERY:
        _looked = _monotonic()
        with contextlib.suppress(OSError, ValueError):
            _shift = float(_file.read_text())
    return _shift


class _Meta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)


class _Shifted(_datetime, metaclass=_Meta):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _datetime:  # type: ignore[override]
        return _datetime.now(tz) + timedelta(seconds=_now_shifted())

    @classmethod
    def utcnow(cls) -> _datetime:  # type: ignore[override]
        return _datetime.utcnow() + timedelta(seconds=_now_shifted())  # noqa: DTZ003


if _file is not None:
    time.time = lambda: _time() + _now_shifted()
    time.time_ns = lambda: _time_ns() + int(_now_shifted() * 1e9)
    if os.environ.get("FAULTS_CLOCK_DATETIME") != "no":
        dt.datetime = _Shifted  # type: ignore[misc]
