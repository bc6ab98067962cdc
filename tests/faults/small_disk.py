"""A disk of a few megabytes that can be full, where this machine lets us mount one."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_BLOCK = bytes(64 * 1024)


class SmallDisk:
    """A file system in memory of so many megabytes, mounted until `remove`. `user` may write to it,
    beside whoever made it."""

    def __init__(self, megabytes: int, user: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="queuecast-disk-"))
        options = f"size={megabytes}m,mode=755"
        if user:
            options += f",uid={pwd.getpwnam(user).pw_uid}"
        try:
            _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))
        except OSError:
            self.folder.rmdir()
            raise

    def remove(self) -> None:
        """Unmount it; what was on it is gone."""
        _run("umount", "--lazy", str(self.folder))
        self.folder.rmdir()

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is free in this block."""
        ballast = self.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                self._fill(file.fileno())
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def _fill(self, file: int) -> None:
        try:
            while os.write(file, _BLOCK):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        assert shutil.disk_usage(self.folder).free == 0


@cache
def why_not() -> str | None:
    """Why no disk can be mounted here; None when one can."""
    try:
        SmallDisk(1).remove()
    except OSError as error:
        return f"no disk can be mounted here: {error}"
    return None


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"{command[0]} failed")
