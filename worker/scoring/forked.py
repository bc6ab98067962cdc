"""Finds something out about a model in a forked process, which it may hang or end."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from shared.errors import ArtifactError
from shared.signal_names import ending
from worker.model.artifacts import PIPELINE
from worker.orphans import end_with_parent

Finding = Callable[[], dict[str, Any]]


def in_fork(find: Finding, limit: float, set_by: str) -> dict[str, Any]:
    """What `find` returns, which must be JSON; called in a forked process that ends with this one.

    `limit` is how many seconds it lets the model take for a group, and `set_by` the setting or the
    flag that says so.

    Raises:
        ArtifactError: `find` raised it, or the process has ended without a word.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    # A daemon, as the children that serve are: a step may not start processes of its own.
    process = context.Process(target=_find, args=(sender, find), daemon=True)
    process.start()
    sender.close()
    try:
        answer = json.loads(receiver.recv_bytes())
    except EOFError:
        process.join()
        raise ArtifactError(how_it_ended(process.exitcode or 0, limit, set_by)) from None
    process.join()
    if "refused" in answer:
        raise ArtifactError(answer["refused"])
    found: dict[str, Any] = answer["found"]
    return found


def _find(sender: Connection, find: Finding) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
    try:
        answer: dict[str, Any] = {"found": find()}
    except ArtifactError as error:
        answer = {"refused": str(error)}
    sender.send_bytes(json.dumps(answer).encode())
    sender.close()
    # No `atexit`: what the model registered there may wait for ever.
    os._exit(0)


def how_it_ended(exit_code: int, limit: float, set_by: str) -> str:
    """Why a process that tried a model has ended without a word."""
    if exit_code == -signal.SIGALRM:
        return f"{PIPELINE} has not answered a made-up observation in {limit:g} s ({set_by})"
    return f"{PIPELINE}: the process that tried it was {ending(exit_code)}"
