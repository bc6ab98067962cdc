"""`local.greeting`: the command to try works where it is printed."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Mapping

import pytest

from local.example import PASSENGER, example_of
from local.greeting import make_greeting
from shared.address import Address

V4 = Address(socket.AF_INET, ("0.0.0.0", 5000))
V6 = Address(socket.AF_INET6, ("::1", 5000, 0, 0))


def curl(
    address: Address, asks_for_key: bool = False, environment: Mapping[str, str] | None = None
) -> str:
    return make_greeting(address, PASSENGER, asks_for_key, environment or {}).splitlines()[2]


def test_plain() -> None:
    """As the README has it."""
    assert curl(V4).startswith("curl -X POST http://127.0.0.1:5000/predict -H 'Content-Type: ")
    assert make_greeting(V4, PASSENGER, False, {}).startswith("ready on http://127.0.0.1:5000;")


def test_brackets_are_quoted() -> None:
    """zsh takes them for a pattern, and says that no file matches."""
    assert " 'http://[::1]:5000/predict' " in curl(V6)


def test_key() -> None:
    """Named, never shown."""
    assert ' -H "Authorization: Bearer $API_KEY"' in curl(V4, asks_for_key=True)


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_proxies(name: str) -> None:
    """curl would ask the proxy for its own 127.0.0.1."""
    assert "--noproxy" in shlex.split(curl(V4, environment={name: "http://proxy:3128"}))
    assert "--noproxy" not in curl(V4, environment={name: ""})


def test_the_observation_is_quoted() -> None:
    """Whatever the columns and their values are called, the shell passes on what is meant."""
    observation = {"l'âge $HOME": "it's `id`", "b": None}
    line = make_greeting(V4, observation, False, {}).splitlines()[2]
    assert json.loads(shlex.split(line)[-1]) == {"id": 0, "observation": observation}


def test_an_example_of_the_model_itself() -> None:
    """The README's passenger for the shipped columns; else what was answered, or nulls."""
    assert example_of(list(PASSENGER), {"Age": 1}) is PASSENGER
    assert example_of(["x", "y"], {"x": 1, "y": 2}) == {"x": 1, "y": 2}
    assert example_of(["x", "y"], None) == {"x": None, "y": None}
