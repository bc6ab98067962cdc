"""Reads the part of the Dockerfile language that the project uses, and refuses the rest."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_NAMES = {"FROM", "ENV", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "CMD"}


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name, and what follows it."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile's instructions in order."""

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
        for line in filter(None, map(str.strip, text.splitlines())):
            name, _, arguments = line.partition(" ")
            if name not in _NAMES or not arguments:
                raise ValueError(f"{path.name}: {line!r} is no instruction that is known here")
            found.append(Instruction(name, arguments.strip()))
        if not found or found[0].name != "FROM":
            raise ValueError(f"{path.name} must begin with FROM")
        return cls(tuple(found))

    def of(self, name: str) -> list[str]:
        """What follows each instruction of this name."""
        return [i.arguments for i in self.instructions if i.name == name]

    @property
    def base(self) -> str:
        """The image that it builds on."""
        return self.of("FROM")[0]

    @property
    def python(self) -> str:
        """The Python version of that image, like 3.13."""
        match = re.fullmatch(r"python:(\d+\.\d+)-slim", self.base)
        if match is None:
            raise ValueError(f"{self.base} is no slim Python image")
        return match[1]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        pairs = [pair.partition("=") for line in self.of("ENV") for pair in shlex.split(line)]
        return {name: value for name, _, value in pairs}

    @property
    def copies(self) -> list[tuple[str, str]]:
        """What each copy takes (seen from the checkout) and where to (from the work folder)."""
        found = []
        for line in self.of("COPY"):
            source, target = line.split()
            found.append((source.rstrip("/"), target.rstrip("/")))
        return found

    @property
    def install(self) -> str:
        """Its one line that installs libraries."""
        (line,) = (line for line in self.of("RUN") if line.startswith("pip install "))
        return line

    @property
    def command(self) -> list[str]:
        """What it starts. Only the exec form is JSON; the shell form raises ValueError."""
        (line,) = self.of("CMD")
        command: list[str] = json.loads(line)
        return command
