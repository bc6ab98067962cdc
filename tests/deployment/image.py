"""What a Dockerfile builds, as near as it can be had without an engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from local.part import Part
from shared.settings import CHECKOUT
from tests.deployment.dockerfile import Dockerfile
from tests.deployment.files import ignored
from tests.system import INHERITED

# What only means something inside a container; everything else must be carried out.
_ONLY_IN_CONTAINERS = {"FROM", "ENV", "WORKDIR", "USER", "EXPOSE", "CMD"}


class Image:
    """A clean virtual environment and a folder with only what the Dockerfile copies."""

    def __init__(self, dockerfile: Dockerfile, folder: Path) -> None:
        self.dockerfile = dockerfile
        self.app = folder / "app"
        self._programs = folder / "venv" / "bin"
        self._bytecode = folder / "bytecode"
        self.app.mkdir(parents=True)
        python = _interpreter(dockerfile.python)
        subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True, timeout=120)
        copies = iter(dockerfile.copies)
        for instruction in dockerfile.instructions:
            if instruction.name == "COPY":
                source, target = next(copies)
                self._copy(Path(source), self.app / target)
            elif instruction.name == "RUN" and not instruction.arguments.startswith("useradd "):
                self.run(["sh", "-ec", instruction.arguments], {}, check=True, seconds=300)
            else:
                assert instruction.name in {*_ONLY_IN_CONTAINERS, "RUN"}, instruction
        self.built = self.files()

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """What a process in it sees: nothing of this checkout's."""
        inherited = {k: v for k, v in INHERITED.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
        return {
            **inherited,
            "PATH": f"{self._programs}:{INHERITED['PATH']}",
            **self.dockerfile.environment,
            # As for the image's user, who may not write beside the code. Compiling only what is
            # imported makes the installation three times as fast.
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
            "PIP_NO_COMPILE": "1",
            **more,
        }

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        check: bool = False,
        seconds: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run something in it to its end."""
        done = subprocess.run(
            list(command), env=self.environment(variables), cwd=self.app, check=False,
            capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def start(
        self, name: str, command: Sequence[str], variables: Mapping[str, str], log: IO[bytes]
    ) -> Part:
        """Start something in it."""
        return Part(name, command, self.environment(variables), log, self.app)

    def files(self) -> set[str]:
        """Everything in the folder of the code."""
        return {str(p.relative_to(self.app)) for p in self.app.rglob("*") if p.is_file()}

    def _copy(self, source: Path, target: Path) -> None:
        origin = CHECKOUT / source
        found = [origin] if origin.is_file() else [p for p in origin.rglob("*") if p.is_file()]
        kept = [p for p in found if not ignored(p.relative_to(CHECKOUT))]
        assert kept, f"COPY {source}: the builder gets nothing of it"
        for path in kept:
            place = target if origin.is_file() else target / path.relative_to(origin)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)


def _interpreter(version: str) -> str:
    """The image's own Python where this machine has it; otherwise this one, also supported."""
    found = shutil.which(f"python{version}")
    # Version managers put a name on PATH that only says that it is not chosen.
    runs = found and subprocess.run([found, "--version"], capture_output=True).returncode == 0
    return found if found and runs else sys.executable
