"""The README says what is: its settings are the code's, and its quick start works as printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.part import Part
from local.ports import free_port
from shared.settings import CHECKOUT, SETTINGS
from tests.system import INHERITED, Client

README = (CHECKOUT / "README.md").read_text()
OWN_MODEL = CHECKOUT / "docs" / "your_own_model.md"


def section(title: str) -> str:
    """The text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_settings_table() -> None:
    """Each setting has its line, in the code's order, and its default as the code has it."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", section("Settings"), re.MULTILINE)
    assert [name for name, _ in rows] == [setting.name for setting in SETTINGS]
    for (name, default), setting in zip(rows, SETTINGS, strict=True):
        if setting.default:
            assert default == f"`{setting.default}`", name


def test_links_exist() -> None:
    """What the README points at in the checkout is there."""
    for folder, text in ((CHECKOUT, README), (OWN_MODEL.parent, OWN_MODEL.read_text())):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert (folder / target).exists(), target


def test_quick_start(tmp_path: Path) -> None:
    """Its commands, run as printed but for the port, give the outputs that it prints."""
    start = section("Quick start")
    first, predict, update, listing = re.findall(r"```sh\n(.*?)\n```", start, re.DOTALL)
    fresh, again = (json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", start))
    assert first == "make run"
    with started(first, tmp_path) as service:
        assert predict in service.log.read_text().replace(f":{service.port}", ":5000")
        run = service.run
        assert run(predict) == {"proba": pytest.approx(fresh["proba"], abs=1e-12)}
        assert run(predict) == {**again, "proba": pytest.approx(again["proba"], abs=1e-12)}
        row = run(update)
        assert isinstance(row, dict) and row["true_class"] == 1
        assert run(listing) == [row]
        assert Client(service.port).rows() == [row]
    assert "queuecast: stopping" in service.log.read_text()


def test_your_own_model(tmp_path: Path) -> None:
    """Its script and its commands, run as printed but for the folder and the port; the curl is what
    `make run` gives, with other values."""
    text = section("Your own model")
    script = re.findall(r"```python\n(.*?)\n```", text, re.DOTALL)[0]
    commands, curl, _ = re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)
    train, check, start = commands.splitlines()
    assert train == ".venv/bin/python my_training.py"
    (tmp_path / "my_training.py").write_text(script)
    (tmp_path / "artifacts").symlink_to(CHECKOUT / "artifacts")
    subprocess.run(
        [sys.executable, "my_training.py"],
        cwd=tmp_path, env={**INHERITED, "PYTHONPATH": str(CHECKOUT / "client")}, check=True,
    )  # fmt: skip
    here = f"MODEL_DIR={tmp_path / 'my_model'} "
    checked = subprocess.run(
        ["bash", "-c", check.replace("MODEL_DIR=my_model ", here)],
        cwd=CHECKOUT, env=INHERITED, check=True, capture_output=True, text=True,
    )  # fmt: skip
    # Within `make test`, make says as well which folder it leaves.
    assert "serves     yes" in checked.stdout.splitlines()
    assert start == "MODEL_DIR=my_model make run"
    with started("make run", tmp_path, MODEL_DIR=str(tmp_path / "my_model")) as service:
        offered = next(
            line for line in service.log.read_text().splitlines() if line.startswith("curl ")
        )
        observation = json.loads(shlex.split(offered)[-1])["observation"]
        assert observation.keys() == json.loads(shlex.split(curl)[-1])["observation"].keys()
        answer = service.run(curl)
        assert isinstance(answer, dict) and 0.5 < answer["proba"] < 1
    command = [str(CHECKOUT / ".venv" / "bin" / "queuecast"), "--help"]
    assert "pack" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Started:
    """A service that one of the README's commands has started."""

    port: int
    log: Path

    def run(self, command: str) -> object:
        """What a command that asks it prints, as JSON."""
        done = subprocess.run(
            ["bash", "-c", command.replace(":5000", f":{self.port}")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)


@contextmanager
def started(command: str, folder: Path, **settings: str) -> Iterator[Started]:
    """Ready; stopped as by Ctrl-C at the end."""
    service = Started(free_port(), folder / "log")
    environment = {
        **INHERITED, "PORT": str(service.port), "DATA_DIR": str(folder / "data"), **settings
    }  # fmt: skip
    with service.log.open("wb") as output:
        part = Part(command, command.split(), environment, output, CHECKOUT)
    try:
        part.wait_until(lambda: "ready on" in service.log.read_text(), 120)
        yield service
    finally:
        # As Ctrl-C in a terminal: to make and to what it runs.
        os.killpg(part.process.pid, signal.SIGINT)
        stopped = part.stop(25)
    assert stopped
