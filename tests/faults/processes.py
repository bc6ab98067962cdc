"""Processes of ours as the kernel sees them: to kill one, or a whole tree, with real signals."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from local.part import Part
from tests.system import scoring, wait_for


def tree(part: Part) -> list[psutil.Process]:
    """A part's process and everything below it; empty when it has ended."""
    try:
        parent = psutil.Process(part.process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def children(worker: Part) -> list[psutil.Process]:
    """The processes of a worker that score; empty when it has ended."""
    try:
        return scoring(worker)
    except (psutil.NoSuchProcess, IndexError):
        return []


def busy_child(worker: Part) -> psutil.Process:
    """A child that computes at this moment: it is in the middle of a group."""

    def look() -> psutil.Process | None:
        for child in children(worker):
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() == psutil.STATUS_RUNNING:
                    return child
        return None

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # Without a pause between looks: a group of a few rows takes milliseconds.
        found = look()
        if found is not None:
            return found
    raise AssertionError("no child of the worker computed within 10 s")


def send(processes: Sequence[psutil.Process], number: int) -> None:
    """Send a signal to each of them, at once; those that have ended are left out."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def terminate(
    parts: Sequence[Part], seconds: float, sent: Callable[[], None]
) -> tuple[float, list[str]]:
    """SIGTERM to every process of these parts at once, as Heroku does, and then `sent` is called.

    Returns how long it took until all had ended, and what had not when the time was up.
    """
    processes = [process for part in parts for process in tree(part)]
    names = {process.pid: f"{part.name} {process.pid}" for part in parts for process in tree(part)}
    began = time.monotonic()
    send(processes, signal.SIGTERM)
    sent()

    def ended() -> bool:
        for part in parts:
            part.process.poll()
        return not _alive(processes)

    with contextlib.suppress(AssertionError):
        wait_for(ended, seconds)
    return time.monotonic() - began, [names.get(p.pid, str(p.pid)) for p in _alive(processes)]


def kill(part: Part) -> None:
    """SIGKILL to a part and everything below it, wherever it has put itself, and wait."""
    processes = tree(part)
    send(processes, signal.SIGKILL)
    part.process.wait()
    psutil.wait_procs(processes, timeout=10)


def wait_until_idle(children: Sequence[psutil.Process]) -> None:
    """Return when none of a worker's children has anything in hand."""
    wait_for(lambda: all(_waits_for_a_task(c.pid) for c in children), 20, "each child is idle")


def _waits_for_a_task(pid: int) -> bool:
    """Whether a child's main thread waits at a pipe, as it does for its next task only."""
    return Path(f"/proc/{pid}/wchan").read_text().endswith("pipe_read")


@contextmanager
def frozen(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Stop them with SIGSTOP for as long as the block takes."""
    send(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        send(processes, signal.SIGCONT)


def _alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
