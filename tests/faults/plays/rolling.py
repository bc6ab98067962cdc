"""A deployment is rolled: this code comes beside that of an earlier commit, which then goes."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from shared.settings import CHECKOUT
from tests.faults.scenario import Scenario
from tests.faults.stage import Stage

# The last commit of wire version 2 and of the schema's revision 0006.
OLD = "974d0c90560173969e703ccc24fb2d36f5b3f954"
_PARTS = ("api", "artifacts", "shared", "worker")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(CHECKOUT), *arguments], capture_output=True)


def why_not() -> str | None:
    """Why the earlier code cannot be had."""
    try:
        found = _git("cat-file", "-e", f"{OLD}^{{commit}}").returncode == 0
    except OSError:
        found = False
    return None if found else f"this checkout has no history as far as {OLD[:7]}"


def earlier(folder: Path) -> Path:
    """The earlier code, in a folder of its own."""
    archive = _git("archive", OLD, *_PARTS)
    archive.check_returncode()
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as file:
        file.extractall(folder / "earlier", filter="data")
    return folder / "earlier"


def roll(stage: Stage) -> None:
    """Under load: another gateway, which brings the schema up to date, and another worker, beside
    the earlier ones; these go when both versions have answered. Nobody is refused."""
    system = stage.system
    old = [*(gateway for gateway, _ in system.gateways), *system.workers]
    with stage.load():
        system.checkout = CHECKOUT
        stage.strike("the schema is brought up to date")
        system.start_gateway()
        stage.await_answers(stage.size.warm)
        system.start_worker()
        system.wait_ready()
        stage.await_answers(stage.size.warm)
        # One that is asked no more by the time that it ends.
        ending = [one for one in system.gateways if one[0] in old]
        system.gateways[:] = [one for one in system.gateways if one[0] not in old]
        stage.await_answers(stage.size.warm)
        stage.terminate(old)
        system.workers[:] = [worker for worker in system.workers if worker not in old]
        stage.await_answers(stage.size.warm)
        stage.recovered()
    stage.shown.append(f"{len(ending)} gateways and a worker of {OLD[:7]} were replaced")


SCENARIO = Scenario(
    "rolling", "a gateway and a worker of an earlier version, the migration, this version", roll,
    gateways=2, alone=True, why_not=why_not, checkout=earlier,
)  # fmt: skip
