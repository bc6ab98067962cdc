"""`queuecast enqueue`, `queuecast label`, and the same from Python, against a real service."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from queuecast import BatchError, Client, FileError, RefusedError
from queuecast.batches.kinds import PREDICT
from queuecast.batches.source import Source
from queuecast.batches.upload import Upload
from queuecast.commands.main import main

from shared.settings import CHECKOUT
from tests.batches import lines
from tests.system import FIRST_PASSENGER, INHERITED, System, wait_for

EXAMPLES = CHECKOUT / "examples"


@pytest.fixture(scope="module")
def running(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A service on PostgreSQL."""
    system = System(new_database_url("postgres"), new_redis_url(), tmp_path_factory.mktemp("bulk"))
    try:
        yield system.start()
    finally:
        system.stop()


@pytest.fixture
def url(running: System, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where it is, which every command is told by the environment."""
    found = f"http://127.0.0.1:{running.client.address[1]}"
    monkeypatch.setenv("QUEUECAST_URL", found)
    return found


def enqueue(*arguments: str | Path, kind: str = "enqueue") -> int:
    return main([kind, *map(str, arguments)])


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_readmes_files(url: str, tmp_path: Path) -> None:
    """Its commands, run as printed on copies of its files, and the example."""
    text = (CHECKOUT / "README.md").read_text()
    section = re.search(r"^## Files of observations.*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    blocks = re.findall(r"```sh\n(.*?)\n```", section[0], re.DOTALL)
    assert len(blocks) == 3
    for name in ("last_month.csv", "labels.csv", "score_a_file.py"):
        (tmp_path / "examples").mkdir(exist_ok=True)
        (tmp_path / "examples" / name).write_bytes((EXAMPLES / name).read_bytes())
    (tmp_path / ".venv").symlink_to(CHECKOUT / ".venv")
    environment = {**INHERITED, "QUEUECAST_URL": url, "PYTHONPATH": str(CHECKOUT / "client")}

    def run(command: str) -> str:
        command = command.replace("http://127.0.0.1:5000", url)
        command = command.replace(".venv/bin/queuecast", f"{sys.executable} -m queuecast")
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout

    printed = run(blocks[0])
    expected = re.search(r"```\n(last_month.csv: .*?)\n```", section[0], re.DOTALL)
    assert expected is not None
    unnamed = [re.sub(r"batch [0-9a-f-]{36}", "batch", t) for t in (printed.strip(), expected[1])]
    assert unnamed[0] == unnamed[1]
    assert "418 succeeded" in run(blocks[1])
    assert "batch_id" in json.loads(run(blocks[2]))
    with (tmp_path / "examples" / "last_month.csv.results.csv").open() as results:
        assert len(list(csv.DictReader(results))) == 418
    shown = run(f"{sys.executable} examples/score_a_file.py examples/last_month.csv "
                "examples/labels.csv")  # fmt: skip
    assert shown.splitlines()[-1] == "418 labelled, 0 rejected"
    assert len(shown.splitlines()) == 420


@pytest.mark.parametrize("ending", ["ndjson", "ndjson.gz"])
def test_what_was_sent_is_not_sent_again(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    """The same command again finds the batch; --again makes another, whose rows are duplicates."""
    file = lines(f"{ending} {n}" for n in range(300))
    path = tmp_path / f"file.{ending}"
    path.write_bytes(gzip.compress(file) if ending.endswith("gz") else file)
    assert enqueue(path, "--wait", "--json") == 0
    first = said(capsys)
    assert (first["succeeded"], first["received"]) == (300, len(file))
    assert len(Path(first["results"]).read_bytes().splitlines()) == 300
    assert enqueue(path, "--json") == 0
    assert said(capsys)["batch_id"] == first["batch_id"]
    assert enqueue(path, "--again", "--wait", "--json") == 0
    assert said(capsys)["duplicate"] == 300


def test_rejects(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3; mended under `original` and sent again, all is there."""
    path = tmp_path / "some.ndjson"
    wrong = json.dumps({"id": "wrong one", "observation": {**FIRST_PASSENGER, "Age": "old"}})
    path.write_bytes(lines(["right one"]) + wrong.encode())
    assert enqueue(path, "--dry-run") == 3
    assert "line 2: Age is 'old', which is no number" in capsys.readouterr().out
    assert enqueue(path, "--wait", "--json") == 3
    (reject,) = map(json.loads, Path(said(capsys)["rejects"]).read_text().splitlines())
    assert (reject["line"], reject["column"]) == (2, "Age")
    path.write_text(reject["original"].replace('"old"', "70"))
    assert enqueue(path, "--wait") == 0
    assert "1 succeeded" in capsys.readouterr().out


def test_labels(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Applied to the rows; an id that was never predicted is rejected."""
    with Client(url) as client:
        client.predict("labelled", FIRST_PASSENGER)
        path = tmp_path / "labels.ndjson"
        path.write_text('{"id": "labelled", "true_class": 1}\n{"id": "nobody", "true_class": 1}\n')
        assert enqueue(path, "--wait", kind="label") == 3
        assert "1 succeeded" in capsys.readouterr().out
        (row,) = [row for row in client.export() if row.observation_id == "labelled"]
    assert row.true_class == 1


def test_killed_in_the_middle(url: str, running: System, tmp_path: Path) -> None:
    """A client that is killed while it sends goes on where it stopped: nothing is sent twice."""
    path = tmp_path / "large.ndjson"
    count = 120_000
    path.write_bytes(lines((f"large {n}" for n in range(count)), {}))
    command = [sys.executable, "-m", "queuecast", "enqueue", str(path)]
    environment = {**INHERITED, "QUEUECAST_URL": url, "PYTHONPATH": str(CHECKOUT / "client")}
    with Client(url) as client:
        upload = Upload(client.service, Source(str(path)), PREDICT)
        sending = subprocess.Popen(command, env=environment)
        try:
            wait_for(lambda: (b := upload.found()) and b.received, 20, "some of it has come")
        finally:
            os.kill(sending.pid, signal.SIGKILL)
            sending.wait()
        found = upload.found()
        assert found is not None
        assert subprocess.run(command, env=environment, check=False).returncode in (0, 3)
        done = client.wait_for_batch(found, timeout=60)
    assert (done.received, done.read) == (path.stat().st_size, count)
    # Their observations lack what the model needs: that is judged line by line.
    assert done.rejected == count


def test_what_cannot_be_sent(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says why, and exit code 1."""
    unknown = tmp_path / "file.xlsx"
    unknown.write_text("x")
    headless = tmp_path / "headless.csv"
    headless.write_text("1,2\n")
    for path, expected in (
        (tmp_path / "nothing.csv", "there is no such file"),
        (unknown, "--format does"),
        (headless, "must name its columns"),
    ):
        assert enqueue(path) == 1
        told = capsys.readouterr().err
        assert expected in told and len(told.splitlines()) == 1


def test_a_cancelled_batch(url: str, tmp_path: Path) -> None:
    """Whoever still sends it is told; the same file may be sent anew."""
    path = tmp_path / "cancelled.ndjson"
    path.write_bytes(lines(["cancelled"]))
    with Client(url) as client:
        upload = Upload(client.service, Source(str(path)), PREDICT)
        begun = client.service.ask(
            "POST", f"/batches?digest={upload._digest}", b'{"id"',
            {"Content-Type": "application/x-ndjson", "Upload-Complete": "?0"},
        ).body["batch_id"]  # fmt: skip
        found = upload.found()
        assert found is not None and (found.batch_id, found.received) == (begun, 5)
        client.cancel_batch(begun)
        with pytest.raises(BatchError, match="cancelled"):
            upload.send(found)
        assert client.wait_for_batch(client.batch(path)).succeeded == 1
        with pytest.raises(RefusedError):
            client.find_batch("nothing")
        with pytest.raises(FileError):
            client.batch(tmp_path / "nothing.csv")


def test_parquet_without_pyarrow(
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said what to install; `tests.models.test_parquet` sends such files."""
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert enqueue(path) == 1
    assert "pip install 'queuecast[parquet]'" in capsys.readouterr().err
