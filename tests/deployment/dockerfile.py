"""Reads the part of the Dockerfile language that the project uses, and refuses the rest."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_NAMES = {"ARG", "FROM", "ENV", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
# Where the first stage installs the libraries, for the second to copy.
LIBRARIES = "/venv"


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name, and what follows it."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile's instructions in order: a stage that installs, and the image."""

    instructions: tuple[Instruction, ...]

    @classmethod
    def read(cls, path: Path) -> Dockerfile:
        """Parse a file.

        Raises:
            ValueError: an instruction that is misspelt, or that this reader does not know.
        """
        lines = [
            line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")
        ]
        text = "\n".join(lines).replace("\\\n", " ")
        found = []
        # What each build argument is when nothing is said.
        defaults: dict[str, str] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, _, arguments = line.partition(" ")
            for argument, default in defaults.items():
                arguments = arguments.replace(f"${argument}", default)
            if name == "ARG":
                argument, _, default = arguments.partition("=")
                defaults[argument] = default
                continue
            if name not in _NAMES or not arguments:
                raise ValueError(f"{path.name}: {line!r} is no instruction that is known here")
            found.append(Instruction(name, arguments.strip()))
        if [i.name for i in found].count("FROM") != 2 or found[0].name != "FROM":
            raise ValueError(f"{path.name} must begin with FROM, and have two stages")
        return cls(tuple(found))

    def of(self, name: str) -> list[str]:
        """What follows each instruction of this name."""
        return [i.arguments for i in self.instructions if i.name == name]

    @property
    def base(self) -> str:
        """The image that both stages build on."""
        first, last = self.of("FROM")
        if first != f"{last} AS build":
            raise ValueError(f"stages on {first!r} and {last!r}: libraries may not fit there")
        return last

    @property
    def python(self) -> str:
        """The Python version of that image, like 3.13."""
        match = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-[a-z]+", self.base)
        if match is None:
            raise ValueError(f"{self.base} is no slim Python image of one version and one Debian")
        return match[1]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        pairs = [pair.partition("=") for line in self.of("ENV") for pair in shlex.split(line)]
        return {name: value for name, _, value in pairs}

    @property
    def copies(self) -> list[tuple[str, str]]:
        """What each copy takes (seen from the checkout) and where to (from the work folder); not
        the copy of the libraries from stage to stage."""
        found = []
        for line in self.of("COPY"):
            if line == f"--from=build {LIBRARIES} {LIBRARIES}":
                continue
            source, target = line.split()
            found.append((source.rstrip("/"), target.rstrip("/")))
        return found

    @property
    def install(self) -> str:
        """Its one line that installs libraries."""
        (line,) = (line for line in self.of("RUN") if line.startswith("pip "))
        return line

    @property
    def health_check(self) -> tuple[dict[str, str], list[str]]:
        """Its options, and the command that they are for."""
        (line,) = self.of("HEALTHCHECK")
        options, _, command = line.partition(" CMD ")
        pairs = [option.removeprefix("--").partition("=") for option in options.split()]
        return {name: value for name, _, value in pairs}, json.loads(command)

    @property
    def command(self) -> list[str]:
        """What it starts. Only the exec form is JSON; the shell form raises ValueError."""
        (line,) = self.of("CMD")
        command: list[str] = json.loads(line)
        return command
