"""Dead letters of `make run`: listed and replayed as the README shows, with no setting named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from shared.settings import CHECKOUT
from tests.end_to_end.make_run import running
from tests.model_folder import write_model
from tests.system import INHERITED, wait_for

# Ends its process at an x of 66, as long as there is this file.
KILLER = """
import os

class Killer(Step):
    def transform(self, observations):
        if (observations["x"] == 66).any() and os.path.exists({trap!r}):
            os._exit(1)
        return observations
"""


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in an environment that says where `make run` keeps its data and no more."""
    return subprocess.run(
        [sys.executable, "-m", "shared.dead_letters", *arguments],
        env={**INHERITED, "DATA_DIR": str(folder)}, cwd=CHECKOUT,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_beside_make_run(tmp_path: Path) -> None:
    """What was set aside is listed, and answered once its cause is gone and it was replayed."""
    trap, model, data = tmp_path / "trap", tmp_path / "model", tmp_path / "data"
    write_model(
        model, "killing_model", KILLER.format(trap=str(trap)),
        lambda package: make_pipeline(package.Killer(), LogisticRegression()),
    )  # fmt: skip
    with running(data, tmp_path / "log", MODEL_DIR=str(model)) as run:
        trap.touch()
        answer = run.client.predict("kills", {"x": 66.0, "y": 0.0}, prefer="respond-async")
        job_id = answer.json["job_id"]
        assert run.client.ended(job_id, 60)["status"] == "failed"
        for arguments in ((), ("list",)):
            listed = command(data, *arguments)
            assert (listed.returncode, listed.stderr) == (0, "")
            assert job_id in listed.stdout
        trap.unlink()
        replayed = command(data, "replay")
        assert (replayed.returncode, replayed.stderr) == (0, "")
        said = "1 dead letters are queued again: a worker takes them within seconds\n"
        assert replayed.stdout == said
        ended = wait_for(lambda: run.client.ended(job_id, 30), 30, "it is answered")
        assert (ended["status"], set(ended["result"])) == ("succeeded", {"proba"})
        assert command(data).stdout == "0 dead letters\n"
        trap.touch()
        again = run.client.predict("kills again", {"x": 66.0, "y": 0.0}, prefer="respond-async")
        assert run.client.ended(again.json["job_id"], 60)["status"] == "failed"
        assert run.part.stop(25)
    replayed = command(data, "replay")
    assert replayed.returncode == 0
    assert "no worker runs, so they wait until one is started" in replayed.stdout


def test_where_nothing_has_run(tmp_path: Path) -> None:
    """One line that says so, and no file is left where none was."""
    for arguments in ((), ("list",), ("replay",)):
        done = command(tmp_path / "none", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("queuecast: DATABASE_URL is 'sqlite:///")
        assert "on which no Queuecast of this version has run" in line
    assert not (tmp_path / "none").exists()
