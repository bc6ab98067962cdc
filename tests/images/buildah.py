"""Debian's `buildah`, which builds from a Dockerfile without an engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.errors import StartError
from tests.images.program import run_program

_DEBIAN = ("buildah", "debootstrap")
# How much of what a build says is shown when it fails.
_LINES = 20


def need_programs() -> None:
    """See that the programs are there, which Debian and its relatives have as packages.

    Raises:
        StartError: they are not, or we are not root, as whom alone they make whole file systems.
    """
    if os.geteuid() != 0:
        raise StartError("images can only be built here by root")
    missing = [name for name in _DEBIAN if shutil.which(name) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise StartError(f"images are built by {' and '.join(_DEBIAN)}, packages of Debian")
    for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        run_program(["apt-get", *command], f"apt-get {command[0]}")


class Buildah:
    """Images and containers in a folder, which nobody else uses."""

    def __init__(self, folder: Path) -> None:
        self._options = [
            "--storage-driver", "vfs", "--root", str(folder / "storage"),
            "--runroot", str(folder / "running"),
        ]  # fmt: skip

    def run(self, verb: str, *arguments: str) -> str:
        """Run a command; the last line that it prints.

        Raises:
            StartError: it failed; with the end of what it said.
        """
        command = ["buildah", *self._options, verb, *arguments]
        return (run_program(command, f"buildah {verb}", _LINES).strip().splitlines() or [""])[-1]

    def has(self, image: str) -> bool:
        """Whether an image of this name is there."""
        try:
            self.run("inspect", "--type", "image", image)
        except StartError:
            return False
        return True

    def build(
        self, dockerfile: Path, image: str, mounts: Sequence[str], arguments: Sequence[str] = ()
    ) -> None:
        """Build an image from the checkout, which is the Dockerfile's folder; its base is never
        looked for elsewhere."""
        volumes = [part for mount in mounts for part in ("--volume", mount)]
        given = [part for argument in arguments for part in ("--build-arg", argument)]
        self.run(
            "bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--format",
            "docker", *volumes, *given, "--tag", image, "--file", str(dockerfile),
            str(dockerfile.parent),
        )  # fmt: skip

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """The root of a new container's file system, which goes with the block."""
        container = self.run("from", "--pull-never", image)
        try:
            yield Path(self.run("mount", container))
        finally:
            self.run("rm", container)
