"""Who imports whom, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.settings import CHECKOUT


def files(folder: str) -> list[Path]:
    """The Python files of a folder."""
    return sorted((CHECKOUT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in it; of `from a import b`, `a.b`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_modules(folders: Iterable[str]) -> dict[str, set[str]]:
    """Each module of these folders, and the modules of these folders that it imports."""
    paths = {module_of(path): path for folder in folders for path in files(folder)}
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        found[module] = set()
        for name in imported(path):
            target = name if name in paths else name.rpartition(".")[0]
            if target in paths and target != module:
                found[module].add(target)
    return found
