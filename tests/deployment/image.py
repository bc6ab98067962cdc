"""What a Dockerfile builds, as near as it can be had without an engine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from local.part import Part
from shared.settings import CHECKOUT
from tests.deployment.dockerfile import LIBRARIES, Dockerfile
from tests.deployment.files import ignored
from tests.system import INHERITED

# What changes the system around the environment, which this machine has already.
_OF_THE_SYSTEM = ("useradd ", "apt-get ")
# What only means something inside a container; everything else must be carried out.
_ONLY_IN_CONTAINERS = {"ENV", "WORKDIR", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


class Image:
    """The virtual environment that the first stage makes, and a folder with only what the second
    copies."""

    def __init__(self, dockerfile: Dockerfile, folder: Path) -> None:
        self.dockerfile = dockerfile
        self.app = folder / "app"
        self._libraries = folder / LIBRARIES.strip("/")
        self._bytecode = folder / "bytecode"
        # What the base image has: a Python and pip.
        base = folder / "base"
        python = _interpreter(dockerfile.python)
        subprocess.run([python, "-m", "venv", str(base)], check=True, timeout=120)
        stages = iter((folder / "build", self.app))
        copies = iter(dockerfile.copies)
        for instruction in dockerfile.instructions:
            if instruction.name == "FROM":
                stage = next(stages)
                stage.mkdir(parents=True)
            elif instruction.name == "COPY" and instruction.arguments.startswith("--from="):
                # It stays where it is: such an environment does not work elsewhere.
                assert self._libraries.is_dir(), instruction
            elif instruction.name == "COPY":
                source, target = next(copies)
                self._copy(Path(source), stage / target)
            elif instruction.name == "RUN" and not instruction.arguments.startswith(_OF_THE_SYSTEM):
                command = instruction.arguments.replace(LIBRARIES, str(self._libraries))
                self._build(command, stage, base / "bin")
            else:
                assert instruction.name in {*_ONLY_IN_CONTAINERS, "RUN"}, instruction
        self.built = self.files()

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """What a process in it sees: nothing of this checkout's."""
        inherited = {k: v for k, v in INHERITED.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
        return {
            **inherited,
            **self.dockerfile.environment,
            "PATH": f"{self._libraries / 'bin'}:{INHERITED['PATH']}",
            # As for the image's user, who may not write beside the code.
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
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

    def _build(self, command: str, folder: Path, programs: Path) -> None:
        # Compiling only what is imported makes the installation three times as fast.
        environment = self.environment({"PATH": f"{programs}:{INHERITED['PATH']}"})
        done = subprocess.run(
            ["sh", "-ec", command], env={**environment, "PIP_NO_COMPILE": "1"}, cwd=folder,
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def _copy(self, source: Path, target: Path) -> None:
        origin = CHECKOUT / source
        found = [origin] if origin.is_file() else [p for p in origin.rglob("*") if p.is_file()]
        kept = [p for p in found if not ignored(p.relative_to(CHECKOUT))]
        assert kept, f"COPY {source}: the builder gets nothing of it"
        for path in kept:
            place = target if origin.is_file() else target / path.relative_to(origin)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)


def stand_in(dockerfile: Dockerfile) -> str | None:
    """What to say when another Python than the Dockerfile's stands in for it; None when none
    does."""
    look = "import platform as p; print(p.python_version())"
    command = [_interpreter(dockerfile.python), "-c", look]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if found.startswith(f"{dockerfile.python}."):
        return None
    return (
        f"the images were tried on Python {found}, since no {dockerfile.python} is here; "
        f"their Dockerfiles name {dockerfile.base}"
    )


@cache
def _interpreter(version: str) -> str:
    """The image's own Python where this machine has it; otherwise this one, also supported."""
    on_path = shutil.which(f"python{version}")
    # pyenv keeps off PATH what is not chosen, or puts a name there that only says so.
    pyenv = Path(INHERITED.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for found in filter(None, (on_path, *map(str, kept))):
        if subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return found
    return sys.executable
