"""`queuecast.Client` and the commands, on a running service that asks for a key."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from queuecast import Client, RefusedError, UnknownObservationError
from queuecast.commands.main import main, queuecast

from shared.settings import CHECKOUT
from tests.client.scripted_server import Scripted, scripted_server
from tests.system import FIRST_PASSENGER, FIRST_PROBA, System

KEY = "the-key"
README = (CHECKOUT / "README.md").read_text()
FIELDS = [
    f"--field={name}={'' if value is None else value}" for name, value in FIRST_PASSENGER.items()
]


@pytest.fixture(scope="module")
def served(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("asked")
    system = System(
        new_database_url("postgres"), new_redis_url(), folder, {"API_KEY": KEY, "SYNC_WAIT": "20"}
    )
    try:
        yield system.start()
    finally:
        system.stop()


@pytest.fixture
def url(served: System) -> str:
    host, port = served.client.address
    return f"http://{host}:{port}"


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url, KEY) as found:
        yield found


@pytest.fixture
def named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says where the service is, and its key."""
    monkeypatch.setenv("QUEUECAST_URL", url)
    monkeypatch.setenv("QUEUECAST_API_KEY", KEY)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(named: None, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command: its exit code, and what it has said."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """Runs a command that goes well, for what it says as JSON."""

    def run_json(*arguments: str) -> Any:
        code, out, err = run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return run_json


def test_predict_and_update(client: Client) -> None:
    """The answer, the same again, and the row once its true class is known."""
    first = client.predict("a", FIRST_PASSENGER)
    assert first.proba == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert (first.is_duplicate, first.warnings, first.prediction) == (False, (), None)
    again = client.predict("a", {**FIRST_PASSENGER, "Sex": "female"})
    assert (again.proba, again.is_duplicate) == (first.proba, True)
    assert "Deck" in client.predict("b", {**FIRST_PASSENGER, "Deck": "C"}).warnings[0]
    row = client.update("a", 1)
    assert (row.observation_id, row.true_class, row.proba) == ("a", 1, first.proba)
    assert row.features == FIRST_PASSENGER
    assert row.predicted_at is not None and row.true_class_at is not None
    assert row.predicted_at < row.true_class_at
    with pytest.raises(UnknownObservationError, match="does not exist"):
        client.update("never", 1)
    with pytest.raises(RefusedError, match="Pclass") as refused:
        client.predict("c", {**FIRST_PASSENGER, "Pclass": "first"})
    assert refused.value.status == 422


def test_jobs(client: Client) -> None:
    """Promised, waited for, and not to be cancelled any more."""
    job = client.submit("later", FIRST_PASSENGER)
    assert (job.status, job.has_ended) == ("queued", False)
    ended = client.wait(job)
    assert ended.status == "succeeded" and ended.result is not None
    assert ended.result["proba"] == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert ended.kind == "predict" and ended.finished_at is not None
    assert client.job(job.job_id) == ended
    with pytest.raises(RefusedError, match="cannot be cancelled") as refused:
        client.cancel(job.job_id)
    assert refused.value.status == 409
    with pytest.raises(RefusedError) as unknown:
        client.job("no/../such")
    assert unknown.value.status == 404


def test_threads_share_a_client(client: Client, served: System) -> None:
    """Each gets its own answer; all rows come out as they are stored, those of a choice by it."""
    with ThreadPoolExecutor(8) as pool:
        ages = [float(n) for n in range(1, 401)]
        answers = list(
            pool.map(lambda age: client.predict(f"{age:g}", {**FIRST_PASSENGER, "Age": age}), ages)
        )
    listed = served.client.rows()
    rows = list(client.export())
    assert [row.id for row in rows] == [row["id"] for row in listed]
    by_id = {row.observation_id: row for row in rows}
    for age, answer in zip(ages, answers, strict=True):
        assert by_id[f"{age:g}"].proba == answer.proba
        assert by_id[f"{age:g}"].features["Age"] == age
    version = client.model().version
    assert {row.model_version for row in rows} == {version}
    since = rows[200].predicted_at
    later = [row for row in rows[101:] if row.predicted_at and since and row.predicted_at >= since]
    assert list(client.export(since=since, after=rows[100].id, limit=5)) == later[:5]
    assert list(client.export(labelled=True)) == [r for r in rows if r.true_class is not None] != []
    assert list(client.export(model_version="another")) == []


def test_ready(client: Client, url: str) -> None:
    """Also without a key, which the model asks for."""
    ready = client.ready()
    assert ready.is_ready
    assert ready.parts == {"database": "ready", "redis": "ready", "worker": "ready"}
    with Client(url, "another") as stranger:
        assert stranger.ready() == ready
        with pytest.raises(RefusedError, match="API key") as refused:
            stranger.model()
    assert refused.value.status == 401


def test_predict_as_a_command(
    run: Run, run_json: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the observation is given; without an id it gets a new one."""
    text = json.dumps(FIRST_PASSENGER)
    file = tmp_path / "observation.json"
    file.write_text(json.dumps({"id": "whole", "observation": FIRST_PASSENGER}))
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    given = {
        "text": [text, "--id", "text"],
        "-7": ["-", "--id=-7"],
        "whole": [f"@{file}"],
        "fields": [*FIELDS, "--id", "fields"],
    }
    for observation_id, arguments in given.items():
        found = run_json("predict", *arguments)
        assert found["id"] == (-7 if observation_id == "-7" else observation_id)
        assert found["proba"] == pytest.approx(FIRST_PROBA, abs=1e-12)
    code, out, err = run("predict", *FIELDS, "--field", "Deck=C", "--id", "fields")
    assert code == 0
    assert out.splitlines()[0].split() == ["id", "fields"]
    assert float(out.splitlines()[1].split()[1]) == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert err.splitlines() == [
        "note: predicted before: this is the answer of then",
        "note: observation has a key that the model does not use: Deck",
    ]
    assert run_json("predict", text)["id"] != run_json("predict", text)["id"]


def test_update_and_job_as_commands(run: Run, run_json: Callable[..., Any]) -> None:
    """A promise, its end, and a label."""
    text = json.dumps(FIRST_PASSENGER)
    promised = run_json("predict", text, "--id", "5012", "--async")
    assert promised["id"] == 5012
    job = run_json("job", promised["job_id"], "--wait", "20")
    assert (job["status"], job["kind"]) == ("succeeded", "predict")
    assert job["finished_at"].endswith("Z")
    code, out, _ = run("job", promised["job_id"])
    assert code == 0 and "succeeded" in out
    assert run_json("update", "-7", "1")["observation_id"] == -7
    row = run_json("update", "5012", "1")
    assert (row["observation_id"], row["true_class"]) == (5012, 1)
    code, out, _ = run("update", "5012", "0")
    assert code == 0 and ["true_class", "0"] in [line.split() for line in out.splitlines()]


def test_status(run: Run, run_json: Callable[..., Any], url: str) -> None:
    """A small table."""
    found = run_json("status")
    assert (found["url"], found["ready"]) == (url, True)
    code, out, _ = run("status")
    assert code == 0
    said = dict(line.split(None, 1) for line in out.splitlines())
    assert list(said) == ["service", "database", "redis", "worker", "model", "workers"]
    assert found["model"]["version"] in said["model"] and said["workers"] == "1"
    assert run_json("model") == found["model"]


def test_export(run: Run, run_json: Callable[..., Any], served: System, tmp_path: Path) -> None:
    """To a file, to standard output, as NDJSON and as CSV: the service's rows."""
    assert run("predict", *FIELDS, "--id", "exported")[0] == 0
    assert run("update", "exported", "1")[0] == 0
    rows = served.client.rows()
    code, out, err = run("export")
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == rows
    file = tmp_path / "rows.csv"
    file.write_text("before")
    found = run_json("export", "--format=csv", "--labelled", "--output", str(file))
    labelled = [row for row in rows if row["true_class"] is not None]
    assert found == {"file": str(file), "rows": len(labelled), "last_id": labelled[-1]["id"]}
    with file.open(newline="") as stream:
        assert [row["id"] for row in csv.DictReader(stream)] == [str(r["id"]) for r in labelled]
    after = str(labelled[-1]["id"])
    code, out, _ = run("export", "--after", after, "--output", str(file), "--limit", "0")
    assert (code, out, file.read_bytes()) == (0, f"0 rows in {file}\n", b"")
    assert list(tmp_path.iterdir()) == [file]
    assert run("export", "--output", "/dev/null")[0] == 0


def test_as_the_readme_has_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its commands and its Python do what it says; each command has its line."""
    section = README.split("\n## From the command line\n")[1].split("\n## ")[0]
    (commands,) = re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)
    (program,) = re.findall(r"```python\n(.*?)\n```", section, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for command in commands.splitlines():
        first, *arguments = shlex.split(command)
        assert first == ".venv/bin/queuecast"
        code, out, _ = run(*arguments)
        assert code == 0 and out, command
    rows = [json.loads(line) for line in Path("labelled.ndjson").read_text().splitlines()]
    assert any(row["observation_id"] == 0 and row["true_class"] == 1 for row in rows)
    found: dict[str, Any] = {}
    exec(program, found)
    assert float(capsys.readouterr().out.splitlines()[0]) == pytest.approx(FIRST_PROBA, abs=1e-12)
    assert found["training"]["Survived"].iloc[-1] == 0
    assert set(re.findall(r"^\| `queuecast (\w+)", section, re.M)) == set(queuecast.commands)


def test_whoever_reads_has_had_enough(served: System, url: str, named: None) -> None:
    """`queuecast export | head -1` ends without a complaint."""
    command = [sys.executable, "-m", "queuecast", "export", "--url", url, "--api-key", KEY]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(served.client.predict, range(1000, 1400)))
    process = subprocess.Popen(
        command, env={"PYTHONPATH": str(CHECKOUT / "client")}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    assert json.loads(process.stdout.readline())["id"]
    process.stdout.close()
    assert process.wait(20) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


def test_what_is_wrong_is_one_line(run: Run, url: str, tmp_path: Path) -> None:
    """2 when the command line is, else 1; and nothing on standard output."""
    text = json.dumps(FIRST_PASSENGER)
    wrong = {
        ("predict",): (2, "an observation is needed"),
        ("predict", "{"): (2, "no JSON"),
        ("predict", "[1]"): (2, "no JSON object"),
        ("predict", "--field", "Age"): (2, "must be NAME=VALUE"),
        ("predict", f"@{tmp_path}/none"): (2, "cannot be read: No such file"),
        ("predict", text, "--async", "--wait", "1"): (2, "has no meaning"),
        ("predict", text, "--field", "Pclass=first"): (1, "Pclass is 'first'"),
        ("predict", text, "--id", ""): (1, "id"),
        ("predict", text, "--url", "localhost"): (2, "is no URL of a service"),
        ("predict", text, "--api-key", "another"): (1, "API key"),
        ("update", "never", "1"): (1, "does not exist"),
        ("job", "none"): (1, "none"),
        ("job", "none", "--cancel", "--wait", "1"): (2, "has no meaning"),
        ("export", "--since", "yesterday"): (2, "is no time, such as"),
        ("export", "--json"): (2, "--output, which is not given"),
        ("export", "--output", f"{tmp_path}/none/rows"): (1, "cannot be written: No such file"),
    }
    for arguments, (code, said) in wrong.items():
        found, out, err = run(*arguments)
        assert (found, out, said in err) == (code, "", True), (arguments, err)
        assert err.startswith("queuecast: ") and err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_breaks_off(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the last try, too: 1, the id to go on after, and the file that was there before."""
    file = tmp_path / "rows"
    file.write_text("before")
    monkeypatch.setattr("time.sleep", lambda _: None)
    row = b'{"id": 5, "observation_id": "x"}\n'
    with scripted_server() as script:
        script.answers = [
            Scripted(chunks=(row,), ends=False), *[Scripted(chunks=(), ends=False)] * 3
        ]  # fmt: skip
        code, out, err = run("export", "--url", script.url, "--output", str(file))
    assert (code, out) == (1, "")
    assert "the rows broke off after the row with id 5: " in err
    assert list(tmp_path.iterdir()) == [file] and file.read_text() == "before"


def test_a_service_that_is_not_ready(run: Run) -> None:
    """What is missing stands in the table, and the exit code is 1."""
    body = {"status": "not ready", "database": "ready", "redis": "ready", "worker": "no worker"}
    with scripted_server() as script:
        script.answers = [Scripted(503, {**body, "error": "not ready: worker"})]
        code, out, err = run("status", "--url", script.url)
    assert (code, err) == (1, f"queuecast: {script.url} is not ready: worker\n")
    assert [line.split() for line in out.splitlines()][-1] == ["worker", "no", "worker"]


def test_a_job_that_failed(run: Run) -> None:
    """It is shown, and the exit code is 1; one that was cancelled as was asked has gone well."""
    with scripted_server() as script:
        failed = {"job_id": "j", "status": "failed", "error": "Age is no number"}
        cancelled = {"job_id": "j", "status": "cancelled"}
        script.answers = [Scripted(200, failed), Scripted(200, cancelled), Scripted(200, cancelled)]
        code, out, err = run("job", "j", "--url", script.url)
        assert (code, err) == (1, "queuecast: job j has failed\n")
        assert "Age is no number" in out
        assert run("job", "j", "--url", script.url)[0] == 1
        assert run("job", "j", "--url", script.url, "--cancel")[0] == 0
    assert [asked.method for asked in script.asked] == ["GET", "GET", "DELETE"]
