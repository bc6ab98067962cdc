"""`make run`'s one command, from the first start to the second, and every way it can refuse."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from local.ports import free_port
from shared.settings import CHECKOUT
from tests.end_to_end.make_run import Run, left_of, refused, running
from tests.model_folder import write_model
from tests.system import FIRST_PROBA, INHERITED, wait_for


def test_first_start_stop_and_second_start(tmp_path: Path) -> None:
    """To the first prediction and back: all of it is there after Ctrl-C and a second start."""
    data = tmp_path / "data"
    with running(data, tmp_path / "1.log") as run:
        for expected in ({"proba"}, {"proba", "error"}):
            answer = run.try_curl()
            assert set(answer) == expected
            assert answer["proba"] == pytest.approx(FIRST_PROBA, abs=1e-12)
        assert run.client.update(0, 1).json["true_class"] == 1
        rows = run.client.rows()
        os.kill(run.part.process.pid, signal.SIGINT)
        assert run.part.process.wait(25) == 0
        assert not left_of(data)
        assert "killed" not in run.printed
    with running(data, tmp_path / "2.log") as run:
        assert run.client.rows() == rows
        assert "already exists" in run.client.predict(0).json["error"]
        assert "which is in use" in refused(data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_until_it_has_ended(tmp_path: Path, number: signal.Signals) -> None:
    """Nothing is left, and the exit code is that of a stop."""
    data = tmp_path / "data"
    with running(data, tmp_path / "log") as run:
        deadline = time.monotonic() + 30
        while run.part.exit_code is None:
            assert time.monotonic() < deadline, "it ended"
            run.part.process.send_signal(number)
            time.sleep(0.0005)
        assert run.part.exit_code == 0, run.printed
        assert not left_of(data)


# Stands still where the supervisor loads what talks to databases, until there is a file.
SLOW_TO_LOAD = """
import pathlib
import sys
import time

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "sqlalchemy" and not pathlib.Path(FOLDER, "go").exists():
            pathlib.Path(FOLDER, "loading").touch()
            while not pathlib.Path(FOLDER, "go").exists():
                time.sleep(0.01)

sys.meta_path.insert(0, Finder())
"""


def test_a_signal_before_it_is_loaded(tmp_path: Path) -> None:
    """Ctrl-C in its first moment ends it as later on, without a traceback."""
    source = SLOW_TO_LOAD.replace("FOLDER", repr(str(tmp_path)))
    (tmp_path / "sitecustomize.py").write_text(source)
    run = Run(tmp_path / "data", tmp_path / "log", {"PYTHONPATH": str(tmp_path)})
    try:
        run.part.wait_until((tmp_path / "loading").exists, 30)
        run.part.process.send_signal(signal.SIGINT)
        (tmp_path / "go").touch()
        assert run.part.process.wait(30) == 0
        assert run.printed == ""
    finally:
        run.part.kill()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """The line names the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(tmp_path, PORT=str(port))
    assert f"PORT is {port}" in said and "in use" in said


def test_artifacts(tmp_path: Path, artifacts: Path) -> None:
    """A missing file, a broken one, a pipeline that is none: each is named."""
    folder = tmp_path / "model"
    folder.mkdir()
    said = refused(tmp_path / "data", MODEL_DIR=str(folder))
    assert "lacks pipeline.pickle, dtypes.pickle, columns.json" in said
    for name in ("pipeline.pickle", "dtypes.pickle", "columns.json"):
        (folder / name).write_bytes((artifacts / name).read_bytes())
    (folder / "pipeline.pickle").write_bytes(b"not a pickle")
    assert "pipeline.pickle cannot be unpickled" in refused(
        tmp_path / "data", MODEL_DIR=str(folder)
    )
    (folder / "pipeline.pickle").write_bytes((folder / "dtypes.pickle").read_bytes())
    assert "without predict:" in refused(tmp_path / "data", MODEL_DIR=str(folder))
    (folder / "columns.json").write_text('{"Age": 1}')
    assert "columns.json" in refused(tmp_path / "data", MODEL_DIR=str(folder))


def test_requirements_that_cannot_be_installed(tmp_path: Path, artifacts: Path) -> None:
    """The line names the file and what pip says; the next start tries again."""
    folder = tmp_path / "model"
    shutil.copytree(artifacts, folder)
    asked = folder / "requirements.txt"
    asked.write_text("scikit-learn=1\n")
    for _ in range(2):
        said = refused(tmp_path / "data", MODEL_DIR=str(folder))
        assert f"{asked} cannot be installed: Invalid requirement: 'scikit-learn=1'" in said
    asked.unlink()
    with running(tmp_path / "data", tmp_path / "log", MODEL_DIR=str(folder)) as run:
        assert run.client.predict("served").status == 200


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DATABASE_URL", "mysql://someone:hunter2@db/name", "mysql://someone:***@db/name"),
        ("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/name", "does not answer"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.db", "no folder"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0", "Connection refused"),
        ("REDIS_URL", "http://u:hunter2@127.0.0.1", "rediss://"),
        ("PORT", "seventy", "1 to 65535"),
        ("SYNC_WAIT", "forever", "0 to 25 seconds"),
        ("DATA_DIR", "/dev/null/data", "cannot be used"),
    ],
)
def test_bad_settings(tmp_path: Path, variable: str, value: str, words: str) -> None:
    """One line that names the variable, what it held (never a password) and what is allowed."""
    said = refused(tmp_path / "data", **{variable: value})
    assert variable in said and words in said
    assert "hunter2" not in said


# As somebody pastes them: not escaped, escaped, and what libpq takes in the query.
ODD_PASSWORDS = (
    "hun/ter2", "hun@ter2", "hun ter2", "hun%2Fter2", "hun:ter2", "hun?ter2", "hun#ter2",
    "hun@1/ter2", "hun[ter2",
)  # fmt: skip


@pytest.mark.parametrize("password", ODD_PASSWORDS)
@pytest.mark.parametrize("module", ["local", "shared.db.migrate"])
def test_odd_passwords_are_never_shown(tmp_path: Path, module: str, password: str) -> None:
    """Whatever a process says of a server that does not answer, or of a URL that it cannot read:
    no part of a password is in it."""
    database = f"postgres://user:{password}@127.0.0.1:1/name"
    urls = [{"DATABASE_URL": database}]
    if module == "local":
        urls.append({"REDIS_URL": f"redis://user:{password}@127.0.0.1:1/0"})
    for url in urls:
        done = subprocess.run(
            [sys.executable, "-m", module],
            env={**INHERITED, "DATA_DIR": str(tmp_path), "PORT": str(free_port()), **url},
            cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "queuecast: " in said
        assert "Traceback" not in said
        assert not re.search("hun|ter2", said), said


def test_redis_refuses_the_login(tmp_path: Path, redis_server: object) -> None:
    """A wrong password is a refusal for good."""
    url = f"redis://:wrong@127.0.0.1:{redis_server.port}/0"  # type: ignore[attr-defined]
    said = refused(tmp_path, REDIS_URL=url)
    assert "REDIS_URL" in said and "password" in said and "wrong@" not in said


@pytest.mark.parametrize("part", ["redis", "-m worker", "-m api"])
def test_stopping_while_it_starts(tmp_path: Path, part: str) -> None:
    """Ctrl-C at any time before it is ready stops what was started, and nothing is left."""
    data = tmp_path / "data"
    run = Run(data, tmp_path / "log", {})

    def begun() -> bool:
        return part in run.children() or (part == "redis" and (data / "redis").exists())

    wait_for(begun, 30, f"{part} starts")
    os.kill(run.part.process.pid, signal.SIGINT)
    assert run.part.process.wait(25) == 0
    assert not left_of(data)


@pytest.mark.parametrize("part", ["redis", "-m worker", "-m api"])
def test_a_part_that_dies_before_all_is_ready(tmp_path: Path, part: str) -> None:
    """It is named, the others are stopped, and the exit code says that something was wrong."""
    data = tmp_path / "data"
    run = Run(data, tmp_path / "log", {})
    wait_for(lambda: "-m api" in run.children(), 30, "the gateway starts")
    run.children()[part].kill()
    assert run.part.process.wait(25) == 1
    assert len(run.said("was ended by SIGKILL")) == 1 and not run.said("ready on")
    assert not left_of(data)


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    """What it gives to try is an observation of this model, which it answers."""
    folder = tmp_path / "model"
    write_model(folder, "greeted", "", lambda _: LogisticRegression())
    with running(tmp_path / "data", tmp_path / "log", MODEL_DIR=str(folder)) as run:
        assert set(run.try_curl()) == {"proba"}
        assert '"x"' in run.curl and "Age" not in run.printed
