"""A planted bug: small, realistic, and somebody would mind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """In `file`, `text`, which is there exactly once, becomes `bug`. `harm` says why a user would
    mind, and `tests` which tests are to notice: files, or what pytest takes."""

    name: str
    file: str
    text: str
    bug: str
    harm: str
    tests: tuple[str, ...]


def mutant(name: str, file: str, text: str, bug: str, harm: str, *tests: str) -> Mutant:
    """A mutant whose tests are given by their paths below `tests/`, without `.py`."""
    paths = tuple(f"tests/{test.replace('::', '.py::', 1)}" for test in tests)
    paths = tuple(path if "::" in path else f"{path}.py" for path in paths)
    return Mutant(name, file, text, bug, harm, paths)
