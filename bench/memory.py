"""The memory of Queuecast's processes after a load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from bench.running import descendants
from local.part import Part

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """One process, in MiB: resident pages, and those of them that no other process shares."""

    process: str
    resident: float
    private: float


def measure_memory(parts: Sequence[Part]) -> list[Memory]:
    """The memory of each part's process and of the processes that it started."""
    found = []
    for part in parts:
        family = [psutil.Process(part.process.pid), *descendants(part)]
        for number, process in enumerate(family):
            name = part.name if number == 0 else f"{part.name}'s process {number}"
            try:
                info = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            found.append(Memory(name, info.rss / MIB, info.uss / MIB))
    return found


def memory_table(rows: Sequence[Memory]) -> str:
    """The memory of each process, as text."""
    lines = [f"{'process':<28} {'resident MiB':>13} {'private MiB':>12}"]
    lines += [f"{m.process:<28} {m.resident:>13.1f} {m.private:>12.1f}" for m in rows]
    return "\n".join(lines)
