"""Passes every frame on as it is, unless the age of somebody in it springs a trap."""

from __future__ import annotations

import ctypes
import os
import resource
import time
from pathlib import Path

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

DAWDLES = 0.03
# In bytes, for each row.
LEAKS = 4 * 1024 * 1024
_KEPT: list[bytes] = []
_ROOM = 256 * 1024 * 1024


class Trap(BaseEstimator, TransformerMixin):  # type: ignore[misc]
    """Looks at `Age`. `ages` says which one springs which trap."""

    def __init__(self, ages: dict[str, float]) -> None:
        self.ages = ages

    def fit(self, frame: pd.DataFrame, _labels: object = None) -> Trap:
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame as it is, if the process lives on."""
        found = frame["Age"].tolist()
        for name, age in self.ages.items():
            if age in found:
                getattr(self, f"_{name}")(found.count(age))
        return frame

    def _exit(self, _count: int) -> None:
        os._exit(1)

    def _crash(self, _count: int) -> None:
        ctypes.string_at(0)

    def _hang(self, _count: int) -> None:
        while True:
            pass

    def _raise(self, _count: int) -> None:
        raise RuntimeError("a trap")

    def _memory(self, _count: int) -> None:
        """Allocate without end, with little room: the machine is not to suffer."""
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, limits[1]))
        held = []
        try:
            while True:
                held.append(bytearray(16 * 1024 * 1024))
        finally:
            held.clear()
            resource.setrlimit(resource.RLIMIT_AS, limits)

    def _leak(self, count: int) -> None:
        """Keep memory for good."""
        _KEPT.append(b"x" * (LEAKS * count))

    def _dawdle(self, count: int) -> None:
        time.sleep(DAWDLES * count)
