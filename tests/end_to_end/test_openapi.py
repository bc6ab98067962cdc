"""GET /openapi.json of a running system: what is answered is what it says, and a fuzzer agrees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.settings import CHECKOUT
from tests.documented import check
from tests.faults import processes
from tests.rough_client import RoughClient, head
from tests.system import Client, System, call, wait_for

KEY = "the-key"
FUZZING = CHECKOUT / "tests" / "fuzzing" / "schemathesis.toml"
# With the worker's and the gateway's, some twelve seconds of one processor.
EXAMPLES = 8


@pytest.fixture(scope="module")
def guarded(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A system that asks for a key."""
    folder = tmp_path_factory.mktemp("guarded")
    # A fuzzer asks to be held for years.
    settings = {"API_KEY": KEY, "SYNC_WAIT": "2", "SYNC_WAIT_MAX": "2"}
    system = System(new_database_url("postgres"), new_redis_url(), folder, settings)
    try:
        yield system.start()
    finally:
        system.stop()


@pytest.fixture(scope="module")
def document(guarded: System) -> Any:
    """The document as it is served."""
    return guarded.client.get("/openapi.json").json


def test_examples_work(guarded: System, document: Any) -> None:
    """Each body that it shows is answered 200 when it is sent, in the order of the document."""
    for path in ("/predict", "/update"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        answer = guarded.client.post(path, body["example"])
        assert answer.status == 200 and "error" not in answer.json, answer
        check(document, path, "post", answer)


def test_the_model_is_in_it(guarded: System, document: Any) -> None:
    """The fields of the model that the worker serves, as it says of them."""
    model = guarded.client.get("/model").json
    properties = document["components"]["schemas"]["Observation"]["properties"]
    assert list(properties) == [column["name"] for column in model["columns"]]
    assert "from 1 to 3 in training" in properties["Pclass"]["description"]
    assert document["components"]["schemas"]["Observation"]["required"] == [
        "Pclass", "SibSp", "Parch"
    ]  # fmt: skip
    assert model["version"] in document["info"]["summary"]
    assert document["security"] == [{"key": []}]
    behind = guarded.client.get("/openapi.json", **{"X-Forwarded-Prefix": "/ml"}).json
    assert (behind["servers"], document["servers"]) == ([{"url": "/ml"}], [{"url": "/"}])


GOOD = {"Pclass": 3, "SibSp": 0, "Parch": 0}
LARGE = '{"id": 1, "observation": {"x": "' + "x" * 2**20 + '"}}'
# Method, path, body, more headers, and the status of the answer.
CASES: tuple[tuple[str, str, Any, dict[str, str], int], ...] = (
    ("post", "/predict", {"id": "new", "observation": GOOD}, {}, 200),
    ("post", "/predict", {"id": "new", "observation": {**GOOD, "x": 1}, "y": 2}, {}, 200),
    ("post", "/predict", {"id": "later", "observation": GOOD}, {"Prefer": "respond-async"}, 202),
    ("post", "/predict", {"id": "zero", "observation": GOOD}, {"Prefer": "wait=0"}, 202),
    ("post", "/predict", "{]", {}, 400),
    ("post", "/predict", LARGE, {}, 413),
    ("post", "/predict", "{}", {"Content-Type": "text/plain"}, 415),
    ("post", "/predict", {"id": 1.5, "observation": GOOD}, {}, 422),
    ("post", "/predict", {"id": "unfit", "observation": {}}, {}, 422),
    ("post", "/predict", {"id": 1, "observation": GOOD}, {"Authorization": "Bearer no"}, 401),
    ("post", "/update", {"id": "new", "true_class": 1}, {}, 200),
    ("post", "/update", {"id": "nobody", "true_class": 0, "z": 1}, {}, 200),
    ("post", "/update", {"id": "new", "true_class": "yes"}, {}, 422),
    ("post", "/update", {"id": "new", "true_class": 0}, {"Prefer": "respond-async"}, 202),
    ("get", "/list-db-contents", None, {}, 200),
    ("get", "/list-db-contents?limit=x", None, {}, 422),
    ("get", "/list-db-contents", None, {"Authorization": ""}, 401),
    ("get", "/predictions?labelled=false", None, {}, 200),
    ("get", "/predictions?format=csv", None, {}, 200),
    ("get", "/predictions?labeled=true", None, {}, 422),
    ("get", "/jobs/none", None, {}, 404),
    ("delete", "/jobs/none", None, {}, 404),
    ("get", "/model", None, {}, 200),
    ("get", "/model/reload/none", None, {}, 404),
    ("get", "/healthz", None, {}, 200),
    ("get", "/readyz", None, {}, 200),
    ("get", "/openapi.json", None, {}, 200),
    ("get", "/openapi.json", None, {"Authorization": ""}, 401),
    ("get", "/docs", None, {"Authorization": ""}, 200),
)


@pytest.mark.parametrize(("method", "path", "body", "more", "status"), CASES)
def test_answers_are_as_it_says(
    guarded: System, document: Any, method: str, path: str, body: Any, more: dict[str, str],
    status: int,
) -> None:  # fmt: skip
    """Each with the body, the headers and the type of its status."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    headers = {**guarded.client.headers, "Content-Type": "application/json", **more}
    answer = call(guarded.client.address, method.upper(), path, text, headers)
    assert answer.status == status, answer
    template = path.partition("?")[0].replace("jobs/none", "jobs/{job_id}")
    template = template.replace("reload/none", "reload/{reload_id}")
    check(document, template, method, answer)


def test_a_reload_is_as_it_says(guarded: System, document: Any) -> None:
    """When it is asked for, and when it is asked about."""
    asked = guarded.client.post("/model/reload", "")
    assert asked.status in (200, 202), asked
    check(document, "/model/reload", "post", asked)
    reload_id = asked.json["reload_id"]
    told = wait_for(
        lambda: (a := guarded.client.get(f"/model/reload/{reload_id}")).status == 200 and a, 60
    )
    check(document, "/model/reload/{reload_id}", "get", told)


def test_jobs_are_as_it_says(guarded: System, document: Any) -> None:
    """Queued, succeeded, failed and cancelled, of predictions and of updates; and refused."""
    client = guarded.client
    here, there = "/jobs/{job_id}", "/jobs/"
    seen = set()

    def look(job_id: str, wait: bool = True) -> None:
        if wait:
            client.ended(job_id)
        answer = client.get(f"{there}{job_id}")
        check(document, here, "get", answer)
        seen.add((answer.json["kind"], answer.json["status"]))

    def promise(path: str, **body: Any) -> str:
        return str(client.post(path, body, "respond-async").json["job_id"])

    ended = promise("/predict", id="job", observation=GOOD)
    look(ended)
    look(promise("/predict", id="job", observation=GOOD))
    look(promise("/predict", id="failing", observation={}))
    look(promise("/update", id="job", true_class=1))
    look(promise("/update", id="no job", true_class=1))
    refused = client.delete(f"{there}{ended}")
    assert refused.status == 409
    check(document, here, "delete", refused)
    # No worker is there meanwhile, and none has to start.
    with processes.frozen(processes.tree(guarded.workers[0])):
        queued = promise("/predict", id="never", observation=GOOD)
        look(queued, wait=False)
        cancelled = client.delete(f"{there}{queued}")
        assert cancelled.status == 200
        check(document, here, "delete", cancelled)
        look(queued)
        wait_for(lambda: client.get("/readyz").status == 503, 15, "the worker is missed")
        for path in ("/readyz", "/model"):
            check(document, path, "get", client.get(path))
        general = client.get("/openapi.json").json
        assert "No worker with a loaded model" in general["info"]["description"]
        assert not general["components"]["schemas"]["Observation"]["properties"]
    guarded.wait_ready()
    assert client.get("/openapi.json").json == document
    assert seen == {
        ("predict", "queued"), ("predict", "succeeded"), ("predict", "failed"),
        ("predict", "cancelled"), ("update", "succeeded"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (head("GET", "/" + "x" * 70_000), 414),
        (head("GET", "/healthz", [("X-Y", "x" * 2**17)]), 431),
        (head("GET", "/healthz", [("Transfer-Encoding", "gzip, chunked")]), 501),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_what_is_no_request(guarded: System, document: Any, sent: bytes, status: int) -> None:
    """The server's own refusals are in it, too."""
    with RoughClient(guarded.client.address, sent) as client:
        answer = client.answer()
    assert answer.status == status, answer
    check(document, "/healthz", "get", answer)


def test_the_page_is_guarded(guarded: System) -> None:
    """Its files need no key, name no other host, and forbid everything but themselves."""
    stranger = Client(guarded.client.address[1])
    page = stranger.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    names = [path.name for path in (CHECKOUT / "api" / "page").iterdir() if path.suffix in TYPES]
    answers = {name: stranger.get(f"/docs/{name}") for name in names if name != "docs.html"}
    for name, answer in {"docs.html": page, **answers}.items():
        assert answer.status == 200, name
        assert answer.headers["content-type"].startswith(TYPES[Path(name).suffix])
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        text = answer.body.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http:" not in text and "https:" not in text and "//cdn" not in text, name
    assert stranger.get("/docs/other.js").status == 401
    assert guarded.client.get("/docs/other.js").status == 404


TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"
}  # fmt: skip


def test_a_fuzzer(guarded: System) -> None:
    """What the document allows is taken, what it does not allow is refused, and every answer is as
    it says; the same requests in every run."""
    host, port = guarded.client.address
    done = subprocess.run(
        [str(Path(sys.executable).with_name("st")), "--config-file", str(FUZZING), "run",
         f"http://{host}:{port}/openapi.json", "-H", f"Authorization: Bearer {KEY}",
         "--seed", "1", "--generation-deterministic", "--max-examples", str(EXAMPLES),
         "--request-timeout", "40", "--no-color"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "unforeseen" not in guarded.log() and "Traceback" not in guarded.log()
