"""`local.greeting`: the command to try works where it is printed."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
from collections.abc import Mapping

import pytest

from api.http.api_keys import ApiKeys
from local.example import PASSENGER, example_of
from local.greeting import make_greeting
from shared.address import Address
from shared.setting_values import api_keys

V4 = Address(socket.AF_INET, ("0.0.0.0", 5000))
V6 = Address(socket.AF_INET6, ("::1", 5000, 0, 0))


def curl(address: Address, keys: int = 0, environment: Mapping[str, str] | None = None) -> str:
    return make_greeting(address, PASSENGER, keys, environment or {}).splitlines()[2]


def test_plain() -> None:
    """As the README has it."""
    assert curl(V4).startswith("curl -X POST http://127.0.0.1:5000/predict -H 'Content-Type: ")
    said = make_greeting(V4, PASSENGER, 0, {})
    assert said.startswith("ready on http://127.0.0.1:5000;")
    assert said.endswith("\nor open http://127.0.0.1:5000/docs\n")


def test_brackets_are_quoted() -> None:
    """zsh takes them for a pattern, and says that no file matches."""
    assert " 'http://[::1]:5000/predict' " in curl(V6)


def test_key() -> None:
    """Named, never shown."""
    assert ' -H "Authorization: Bearer $API_KEY"' in curl(V4, keys=1)


@pytest.mark.parametrize(
    "held", ["first,second", "first, second", "first,second,third", "first ,x"]
)
def test_several_keys(held: str) -> None:
    """A shell makes one key of them, in front of which and behind which spaces mean nothing."""
    header = re.search(r'-H ("Authorization[^"]*")', curl(V4, keys=2))
    assert header is not None
    shell = ["sh", "-c", f"printf %s {header[1]}"]
    told = subprocess.run(shell, env={"API_KEY": held}, capture_output=True, text=True, check=True)
    assert ApiKeys(api_keys(held)).open_to(told.stdout.partition(": ")[2].encode())


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "ALL_PROXY"])
def test_proxies(name: str) -> None:
    """curl would ask the proxy for its own 127.0.0.1."""
    assert "--noproxy" in shlex.split(curl(V4, environment={name: "http://proxy:3128"}))
    assert "--noproxy" not in curl(V4, environment={name: ""})


def test_the_observation_is_quoted() -> None:
    """Whatever the columns and their values are called, the shell passes on what is meant."""
    observation = {"l'âge $HOME": "it's `id`", "b": None}
    line = make_greeting(V4, observation, 0, {}).splitlines()[2]
    assert json.loads(shlex.split(line)[-1]) == {"id": 0, "observation": observation}


def test_an_example_of_the_model_itself() -> None:
    """The README's passenger for the shipped columns; else what was answered, or nulls."""
    assert example_of(list(PASSENGER), {"Age": 1}) is PASSENGER
    assert example_of(["x", "y"], {"x": 1, "y": 2}) == {"x": 1, "y": 2}
    assert example_of(["x", "y"], None) == {"x": None, "y": None}
