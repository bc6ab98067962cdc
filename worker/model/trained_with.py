"""The libraries that a model was trained with, beside those that are here."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from importlib import metadata

from worker.model.manifest import MANIFEST, PYTHON

log = logging.getLogger(__name__)


def other_versions(libraries: Mapping[str, str]) -> dict[str, str]:
    """Those of which another version is here, each with both: "2.2.3, here 3.1.1"."""
    found = {}
    for name, version in libraries.items():
        here = _version_here(name)
        # To a pickle every 3.11.x is the same Python.
        same = _minor(here) == _minor(version) if name == PYTHON else here == version
        if not same:
            found[name] = f"{version}, here {here}"
    return found


def log_other_versions(libraries: Mapping[str, str]) -> None:
    """Say in one line of the log which are others than in training, if any are. The golden rows
    show whether that matters to the answers."""
    others = other_versions(libraries)
    if not others:
        return
    # Another Python alone has hardly ever changed an answer.
    level = logging.WARNING if others.keys() - {PYTHON} else logging.INFO
    log.log(level, "the model was trained with other versions (%s): %s", MANIFEST, in_words(others))


def in_words(others: Mapping[str, str]) -> str:
    """The libraries that are others, in a part of a sentence."""
    return "; ".join(f"{name} {versions}" for name, versions in others.items())


def _version_here(name: str) -> str:
    if name == PYTHON:
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
