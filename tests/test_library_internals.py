"""The insides of other libraries that we use: in two folders only, all in a table, all there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from shared.settings import CHECKOUT
from tests.imports import files, imported
from tests.library_internals import CALLED_BY_NAME, FOLDERS, OBJECTS, Internal

ALL = [internal for table in (*FOLDERS.values(), CALLED_BY_NAME) for internal in table]
HOMES = {
    "celery": "worker/celery_parts",
    "kombu": "worker/celery_parts",
    "billiard": "worker/celery_parts",
    "uvicorn": "api/server",
    "httptools": "api/server",
}
# What anybody who writes tasks uses, as Celery documents it.
PUBLIC = {"worker/app.py": ("celery.Celery", "celery.signals.")}


def find(name: str) -> Any:
    """What a dotted name stands for, or, where instances have it, its name.

    Raises:
        LookupError: nothing.
    """
    parts = name.split(".")
    found: Any = None
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        rest = parts[length:]
        break
    else:
        raise LookupError(name)
    for part in rest:
        if hasattr(found, part):
            found = getattr(found, part)
        elif inspect.isclass(found) and part in of_instances(found):
            return part
        else:
            raise LookupError(name)
    return found


def of_instances(kind: type) -> set[str]:
    """The attributes that a class' methods set on `self`."""
    found: set[str] = set()
    for each in kind.__mro__:
        if each.__module__.split(".")[0] in HOMES:
            try:
                source = inspect.getsource(each)
            except (OSError, TypeError):  # written in C
                continue
            found |= set_on_self(ast.parse(textwrap.dedent(source)))
    return found


def set_on_self(tree: ast.AST) -> set[str]:
    """The names in `self.name = …`."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and is_self(node.value)
    }


def is_self(node: ast.AST) -> bool:
    """Whether this is `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def exists(name: str) -> bool:
    """Whether a library has this name."""
    try:
        find(name)
    except LookupError:
        return False
    return True


class Reader:
    """Finds the names of libraries that one file uses. `objects` are the classes of what the code
    has in hand under a name."""

    def __init__(self, path: Path, objects: dict[str, str]) -> None:
        self._tree = ast.parse(path.read_text())
        self._objects = objects
        self._imports = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(self._tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        } | {
            alias.name: alias.name
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        self._classes = [n for n in ast.walk(self._tree) if isinstance(n, ast.ClassDef)]
        self._bases: dict[str, str] = {}
        for each in self._classes:
            for base in each.bases:
                name = self._dotted(base)
                if name and (name.split(".")[0] in HOMES or name in self._bases):
                    self._bases[each.name] = self._bases.get(name, name)

    def used(self) -> set[str]:
        """Every dotted name of a library."""
        found = {name for name in self._imports.values() if self._is_theirs(name)}
        found |= set(self._chains())
        for each in self._classes:
            if each.name in self._bases:
                found |= set(self._of_class(each, self._bases[each.name]))
        # A step of Celery's names others by their modules.
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = re.fullmatch(r"([a-z_.]+):(\w+)", node.value)
                if match and self._is_theirs(match[1]):
                    found.add(f"{match[1]}.{match[2]}")
        # Of a module and what is taken from it the latter says more.
        return {n for n in found if not inspect.ismodule(find(n)) or self._is_used_alone(n, found)}

    def private(self) -> set[str]:
        """Every attribute that begins with an underscore and is none of this file's own."""
        own = set_on_self(self._tree) | {
            node.name
            for node in ast.walk(self._tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        return {
            node.attr
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr)
        } - own

    @staticmethod
    def _is_used_alone(module: str, found: set[str]) -> bool:
        return not any(name.startswith(f"{module}.") for name in found)

    @staticmethod
    def _is_theirs(name: str) -> bool:
        return name.split(".")[0] in HOMES

    def _dotted(self, node: ast.AST) -> str:
        """What a chain of attributes stands for; empty when that cannot be told."""
        if isinstance(node, ast.Name):
            return self._imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            before = self._dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def _chains(self) -> Iterator[str]:
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Attribute):
                continue
            name = self._dotted(node)
            if self._is_theirs(name) and name.split(".")[0] in self._imports_roots():
                yield name
            holder = node.value
            held = (
                holder.id if isinstance(holder, ast.Name)
                else holder.attr if isinstance(holder, ast.Attribute) else ""
            )  # fmt: skip
            if held in self._objects:
                yield f"{self._objects[held]}.{node.attr}"

    def _imports_roots(self) -> set[str]:
        return {name.split(".")[0] for name in self._imports.values()}

    def _of_class(self, ours: ast.ClassDef, base: str) -> Iterator[str]:
        """What a class of ours overrides and uses of the library's class that it is made from."""
        named = {
            n.attr for n in ast.walk(ours) if isinstance(n, ast.Attribute) and is_self(n.value)
        }
        for node in ours.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                named.add(node.name)
            elif isinstance(node, ast.Assign):
                named |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        for name in named:
            if not name.startswith("__") and exists(f"{base}.{name}"):
                yield f"{base}.{name}"


# Documented, in spite of its name.
OF_PYTHON = {"_exit"}


@pytest.mark.parametrize("internal", ALL, ids=lambda internal: internal.name)
def test_it_is_there(internal: Internal) -> None:
    """The installed version has the name, and takes our arguments in our order."""
    told = f"{internal.library} {version(internal.library)}: {internal.name} ({internal.use})"
    assert exists(internal.name), f"gone from {told}"
    if internal.parameters:
        there = list(inspect.signature(find(internal.name)).parameters)
        kept = [name for name in there if name in internal.parameters]
        assert kept == list(internal.parameters), f"takes {there} now: {told}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_table_is_complete(folder: str) -> None:
    """The folder uses what is in its table and nothing else."""
    readers = [Reader(path, OBJECTS[folder]) for path in files(folder)]
    names = {internal.name for internal in FOLDERS[folder]}
    used = set().union(*(reader.used() for reader in readers))
    assert used - names == set(), "used and not in the table"
    assert names - used == set(), "in the table and not used"
    private = set().union(*(reader.private() for reader in readers))
    assert private - OF_PYTHON <= {name.split(".")[-1] for name in names}


@pytest.mark.parametrize("library", HOMES)
def test_nothing_else_knows_them(library: str) -> None:
    """A library is imported in its folder only; elsewhere only what it documents for everybody."""
    for top in ("api", "worker", "shared", "local"):
        for path in files(top):
            name = path.relative_to(CHECKOUT).as_posix()
            if not name.startswith(f"{HOMES[library]}/"):
                for used in imported(path):
                    theirs = used.split(".")[0] == library
                    assert not theirs or used.startswith(PUBLIC.get(name, ())), (name, used)


@pytest.mark.parametrize("library", HOMES)
def test_ranges(library: str) -> None:
    """Each has an upper bound: a version that nobody has tried is not installed."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    needed = [line for lines in project["optional-dependencies"].values() for line in lines]
    (line,) = [line for line in needed if re.match(rf"{library}\b", line)]
    assert "<" in line
