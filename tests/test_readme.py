"""The README says what is: its settings are the code's, and its quick start works as printed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from local.part import Part
from local.ports import free_port
from shared.settings import CHECKOUT, SETTINGS
from tests.system import INHERITED, Client

README = (CHECKOUT / "README.md").read_text()


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
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (CHECKOUT / target).exists(), target


def test_quick_start(tmp_path: Path) -> None:
    """Its commands, run as printed but for the port, give the outputs that it prints."""
    start = section("Quick start")
    first, predict, update, listing = re.findall(r"```sh\n(.*?)\n```", start, re.DOTALL)
    fresh, again = (json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", start))
    port = free_port()
    environment = {**INHERITED, "PORT": str(port), "DATA_DIR": str(tmp_path / "data")}
    log = tmp_path / "log"
    assert first == "make run"
    with log.open("wb") as output:
        part = Part(first, first.split(), environment, output, CHECKOUT)
    try:
        part.wait_until(lambda: "ready on" in log.read_text(), 120)
        assert predict in log.read_text().replace(f":{port}", ":5000")

        def run(command: str) -> object:
            done = subprocess.run(
                ["bash", "-c", command.replace(":5000", f":{port}")],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            return json.loads(done.stdout)

        assert run(predict) == {"proba": pytest.approx(fresh["proba"], abs=1e-12)}
        assert run(predict) == {**again, "proba": pytest.approx(again["proba"], abs=1e-12)}
        row = run(update)
        assert isinstance(row, dict) and row["true_class"] == 1
        assert run(listing) == [row]
        assert Client(port).rows() == [row]
    finally:
        # As Ctrl-C in a terminal: to make and to what it runs.
        os.killpg(part.process.pid, signal.SIGINT)
        stopped = part.stop(25)
    assert stopped
    assert "queuecast: stopping" in log.read_text()
