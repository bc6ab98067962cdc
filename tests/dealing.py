"""How the suite is dealt out to its processes.

A file's tests stay together, for they share the servers that they have started; so do those of the
deployment's folder, for they share the images that they have built. What takes longest is dealt
first, so that no process is left with it at the end while the others rest.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling

_TOGETHER = ("tests/deployment",)
# What takes more than a quarter of a minute, the longest first.
LONGEST = (
    "tests/end_to_end/test_slow_database.py",
    "tests/end_to_end/test_stopping.py",
    "tests/end_to_end/test_jobs.py",
    "tests/end_to_end/test_stopping_children.py",
    "tests/end_to_end/test_redis_refuses.py",
    "tests/end_to_end/test_run.py",
    "tests/faults/test_matrix.py",
    "tests/end_to_end/test_unknown_commits.py",
    "tests/end_to_end/test_update.py",
    "tests/deployment",
    "tests/end_to_end/test_neighbours.py",
    "tests/end_to_end/test_reload.py",
    "tests/end_to_end/test_openapi.py",
    "tests/end_to_end/test_leaking_model.py",
    "tests/end_to_end/test_folder_names.py",
    "tests/end_to_end/test_passwords.py",
    "tests/end_to_end/test_two_deployments.py",
    "tests/end_to_end/test_supervisor.py",
    "tests/integration/test_checking.py",
    "tests/integration/test_replay.py",
    "tests/client/test_pack.py",
    "tests/end_to_end/test_slow_readers.py",
    "tests/end_to_end/test_gateway.py",
    "tests/end_to_end/test_frozen_worker.py",
    "tests/integration/test_clearing.py",
    "tests/end_to_end/test_stopping_rough_clients.py",
    "tests/end_to_end/test_data_folder.py",
    "tests/end_to_end/test_impaired_database.py",
    "tests/end_to_end/test_failing_model.py",
    "tests/end_to_end/test_connections.py",
    "tests/end_to_end/test_readiness.py",
    "tests/end_to_end/test_slow_bodies.py",
    "tests/end_to_end/test_listing.py",
    "tests/end_to_end/test_redis_rights.py",
    "tests/end_to_end/test_fuzz.py",
)


class Dealing(LoadFileScheduling):  # type: ignore[misc]
    """Deals out files, in the order in which they were collected."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        # Else the files with the most tests came first, which are the quickest.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What a test is dealt out with: its file, or its folder."""
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in _TOGETHER if file.startswith(f"{folder}/")), file)


def place_of(nodeid: str) -> int:
    """When a test is dealt out, counted from zero; those of many files come last, together."""
    scope = scope_of(nodeid)
    return LONGEST.index(scope) if scope in LONGEST else len(LONGEST)
