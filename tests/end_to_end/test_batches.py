"""Files of observations: whole and in parts, good and bad, through a worker."""

from __future__ import annotations

import gzip
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.batches import batch, ended, go_on, lines, offset, rows_of, send
from tests.faults import processes
from tests.gateway_memory import memory, watched
from tests.rough_client import RoughClient, head
from tests.system import FIRST_PASSENGER, FIRST_PROBA, Client, System, call, wait_for

MEBIBYTE = 1024 * 1024
_numbers = itertools.count(1)


def some_ids(count: int) -> list[str]:
    """Ids that nobody has sent before."""
    name = next(_numbers)
    return [f"batch {name} row {n}" for n in range(count)]


def accepted(answer: Any, status: int = 202) -> str:
    """The id of a batch that was taken."""
    assert answer.status == status, answer
    batch_id: str = answer.json["batch_id"]
    assert answer.headers["location"] == f"/batches/{batch_id}"
    return batch_id


def alone(client: Client) -> float:
    """What /predict answers to the passenger of these files."""
    found: float = client.predict("asked alone").json["proba"]
    assert found == pytest.approx(FIRST_PROBA, abs=1e-12)
    return found


def test_a_file(system: System) -> None:
    """Each row is answered as /predict answers it, in the order of the file, and stored once; the
    same file sent again changes nothing."""
    client, ids = system.client, some_ids(2500)
    file = lines(ids)
    batch_id = accepted(send(client, file, "?name=file.ndjson"))
    found = ended(client, batch_id)
    assert (found["status"], found["succeeded"], found["read"]) == ("succeeded", 2500, 2500)
    assert (found["kind"], found["name"], found["received"]) == (
        "predict", "file.ndjson", len(file)
    )  # fmt: skip
    assert found["rows_per_second"] > 0 and found["seconds_left"] is None
    proba = alone(client)
    assert rows_of(client, batch_id) == [
        {"line": n, "id": one, "proba": proba} for n, one in enumerate(ids, 1)
    ]
    stored = {row["observation_id"]: row for row in client.rows()}
    assert stored[ids[7]]["observation"].encode() + b"\n" == lines(ids[7:8])
    again = ended(client, accepted(send(client, file)))
    assert (again["succeeded"], again["duplicate"]) == (0, 2500)
    first = rows_of(client, again["batch_id"])[0]
    assert first["proba"] == proba and first["error"].endswith("already exists")
    names = [one["batch_id"] for one in client.get("/batches?name=file.ndjson").json]
    assert names == [batch_id]
    assert rows_of(client, batch_id, "rejects") == []


def test_bad_lines(system: System) -> None:
    """Each is refused by its number and its reason, the others are scored; mended and sent again,
    all is there."""
    client, ids = system.client, some_ids(100)
    client.predict(ids[50])
    good = [json.dumps({"id": one, "observation": FIRST_PASSENGER}).encode() for one in ids]
    passenger = json.dumps(FIRST_PASSENGER).encode()
    wrong = json.dumps({**FIRST_PASSENGER, "Pclass": "first"}).encode()
    bad = {
        3: (b'{"id": "x", "observation": {', "JSON"),
        10: (b'{"observation": %s}' % passenger, "id"),
        20: (b'{"id": "wrong", "observation": %s}' % wrong, "Pclass"),
        30: (b'{"id": "no UTF-8 \xff", "observation": {}}', "UTF-8"),
        31: (b'{"id": "a \0", "observation": {}}', "NUL"),
        40: (b'{"id": "long", "observation": "%s"}' % (b"x" * 2 * MEBIBYTE), "MAX_BODY"),
        60: (b"", "empty"),
        70: (b'[1, 2]', "object"),
        71: (b'{"id": 1.5, "observation": %s}' % passenger, "id"),
    }  # fmt: skip
    wanted = list(good)
    for number, (line, _) in bad.items():
        wanted.insert(number - 1, line)
    wanted.append(good[0])  # the same id once more
    wanted[1] += b"\r"
    file = b"\xef\xbb\xbf" + b"\n".join(wanted)
    batch_id = accepted(send(client, file))
    found = ended(client, batch_id)
    refused = rows_of(client, batch_id, "rejects")
    assert [reject["line"] for reject in refused] == sorted(bad)
    for reject in refused:
        line, said = bad[reject["line"]]
        assert said in reject["error"], reject
        if "\ufffd" not in str(reject["original"]) and len(line) < MEBIBYTE:
            assert reject["original"].encode() == line
    assert (found["status"], found["read"], found["rejected"]) == (
        "succeeded", len(wanted), len(bad)
    )  # fmt: skip
    assert (found["succeeded"], found["duplicate"]) == (99, 2)
    assert {row["proba"] for row in rows_of(client, batch_id)} == {alone(client)}
    mended = [
        json.loads(reject["original"]) for reject in refused if reject["line"] == 20
    ]  # fmt: skip
    mended[0]["observation"]["Pclass"] = 3
    again = ended(client, accepted(send(client, json.dumps(mended[0]).encode())))
    assert again["succeeded"] + again["duplicate"] == 1


def test_in_parts(system: System) -> None:
    """A part goes on where the one before has ended, in the middle of a line; at another place, or
    a second time, it changes nothing."""
    client, ids = system.client, some_ids(50)
    file = lines(ids)
    cuts = (1000, 1003, 5000, len(file))
    batch_id = accepted(send(client, file[:1000], Upload_Complete="?0"), 201)
    assert offset(client, batch_id) == 1000
    for begin, end in itertools.pairwise(cuts):
        wrong = go_on(client, batch_id, begin + 1, b"x", Upload_Complete="?0")
        assert wrong.status == 409
        assert wrong.headers["upload-offset"] == str(begin)
        last = end == len(file)
        part = go_on(
            client, batch_id, begin, file[begin:end], Upload_Complete="?1" if last else "?0"
        )
        assert part.status == (202 if last else 200), part
        assert part.headers["upload-offset"] == str(end)
        again = go_on(client, batch_id, begin, file[begin:end], Upload_Complete="?0")
        assert (again.status, again.headers["upload-offset"]) == (409, str(end))
        assert again.headers["upload-complete"] == ("?1" if last else "?0")
    found = ended(client, batch_id)
    assert (found["succeeded"], found["read"], found["received"]) == (50, 50, len(file))
    assert [row["id"] for row in rows_of(client, batch_id)] == ids


@pytest.fixture(scope="module")
def postgres(attacked: System) -> System:
    """A system on PostgreSQL with two gateways."""
    attacked.start_gateway(API_KEY="", BODY_STALL="3")
    return attacked


def test_compressed(postgres: System) -> None:
    """Whole, and in parts of which each is compressed by itself; one that broke off is sent again
    as a whole, and what was taken in of it is not taken twice."""
    client, ids = postgres.client, some_ids(30_000)
    file = lines(ids)
    half = len(file) // 2
    first, second = gzip.compress(file[:half], 1), gzip.compress(file[half:], 1)
    broken = send(client, first[:-20], Content_Encoding="gzip", Upload_Complete="?0")
    assert (broken.status, broken.headers["upload-offset"]) == (400, "0"), broken
    assert "cut off" in broken.json["error"]
    batch_id = broken.json["batch_id"]
    assert batch(client, batch_id)["read"] > 0
    for at, part, complete in ((0, first, "?0"), (len(first), second, "?1")):
        taken = go_on(client, batch_id, at, part, Upload_Complete=complete, Content_Encoding="gzip")
        assert taken.status in (200, 202), taken
    found = ended(client, batch_id)
    assert (found["read"], found["succeeded"]) == (30_000, 30_000)
    assert found["received"] == len(first) + len(second)


def test_a_sender_that_breaks_off(postgres: System) -> None:
    """What has come is committed; the batch is found again by its digest, and gone on with."""
    client, ids = postgres.client, some_ids(20_000)
    file = lines(ids)
    path = "/batches?digest=broken-off"
    sent = head("POST", path, [("Content-Type", "application/x-ndjson")], len(file))
    with RoughClient(client.address) as rough:
        rough.send(sent + file[: 2 * MEBIBYTE])
        wait_for(lambda: client.get(path).json, 10, "something of it is committed")
    (found,) = client.get(path).json
    assert found["status"] == "receiving"
    place = offset(client, found["batch_id"])
    assert 0 < place <= 2 * MEBIBYTE
    taken = go_on(client, found["batch_id"], place, file[place:], Upload_Complete="?1")
    assert taken.status == 202, taken
    assert ended(client, found["batch_id"])["succeeded"] == 20_000


def test_a_sender_that_stands_still(postgres: System) -> None:
    """Is told so, and from where to go on; meanwhile others are served."""
    _, client = postgres.gateways[1]
    file = lines(some_ids(10))
    sent = head("POST", "/batches", [("Content-Type", "application/x-ndjson")], len(file))
    with RoughClient(client.address) as rough:
        rough.send(sent + file[:100])
        assert client.predict("beside one that stands still").status == 200
        answer = rough.answer()
    assert answer.status == 408
    assert "nothing of the body came" in answer.json["error"]


def test_twice_at_once(postgres: System) -> None:
    """The same file through two gateways at once: each row is stored once, and each file answered
    with the same probabilities."""
    ids = some_ids(5000)
    file = lines(ids)
    clients = [client for _, client in postgres.gateways]
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(lambda client: accepted(send(client, file)), clients))
    proba = alone(postgres.client)
    both = [ended(postgres.client, batch_id) for batch_id in taken]
    assert sum(one["succeeded"] for one in both) == 5000
    assert sum(one["duplicate"] for one in both) == 5000
    for batch_id in taken:
        rows = rows_of(postgres.client, batch_id)
        assert [(row["id"], row["proba"]) for row in rows] == [(i, proba) for i in ids]


def test_cancelled(postgres: System) -> None:
    """What was not scored never is, and its ids are free."""
    client, ids = postgres.client, some_ids(3000)
    before = len(client.rows())
    with processes.frozen(processes.tree(postgres.workers[0])):
        batch_id = accepted(send(client, lines(ids)))
        assert batch(client, batch_id)["queued"] == 3000
        cancelled = client.delete(f"/batches/{batch_id}")
        assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
        assert client.delete(f"/batches/{batch_id}").status == 200
    assert list(client.predict(ids[0]).json) == ["proba"]
    done = ended(client, accepted(send(client, lines(some_ids(10)))))
    assert done["succeeded"] == 10
    assert client.delete(f"/batches/{done['batch_id']}").status == 409
    assert len(client.rows()) == before + 11


REFUSED: dict[str, tuple[str, bytes, str, str, int, str]] = {
    "a type": ("", b"{}", "application/json", "", 415, "application/x-ndjson or text/csv"),
    "an encoding": ("", b"{}", "text/csv", "br", 415, "'br'"),
    "no gzip": ("", b"id,Age\n1,2\n", "text/csv", "gzip", 400, "not gzip"),
    "no header": ("", b'{"id": 1}\n', "text/csv", "", 422, "id among them"),
    "an empty CSV": ("", b"", "text/csv", "", 422, "names its columns"),
    "a kind": ("?kind=other", b"", "text/csv", "", 422, "predict or update"),
    "an argument": ("?nmae=x", b"", "text/csv", "", 422, "'nmae' is no argument"),
    "a name": ("?name=" + "x" * 501, b"", "text/csv", "", 422, "500 characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(postgres: System, case: str) -> None:
    """With its true reason, and nothing is left of it."""
    query, body, kind, encoding, status, said = REFUSED[case]
    client = postgres.client
    before = client.get("/batches").json
    more = {"Content_Encoding": encoding} if encoding else {}
    answer = send(client, body, query, kind, **more)
    assert (answer.status, list(answer.json)) == (status, ["error"]), answer
    assert said in answer.json["error"]
    assert [one["batch_id"] for one in client.get("/batches").json] == [
        one["batch_id"] for one in before
    ]


def test_unknown_batches(postgres: System) -> None:
    """404, whatever is asked of them; a part without its place is a 400."""
    client = postgres.client
    for batch_id in ("none", "01a21eaf-3f72-744f-a73d-c47d52909bae"):
        for path in ("", "/results", "/rejects"):
            assert client.get(f"/batches/{batch_id}{path}").status == 404
        assert client.delete(f"/batches/{batch_id}").status == 404
        assert call(client.address, "HEAD", f"/batches/{batch_id}").status == 404
        assert go_on(client, batch_id, 0, b"").status == 404
    batch_id = accepted(send(client, b"", Upload_Complete="?0"), 201)
    headers = {"Content-Type": "application/partial-upload"}
    answer = call(client.address, "PATCH", f"/batches/{batch_id}", b"", headers)
    assert (answer.status, "Upload-Offset" in answer.json["error"]) == (400, True)
    last = go_on(client, batch_id, 0, b"", Upload_Complete="?1")
    assert last.status == 202
    assert batch(client, batch_id)["status"] == "succeeded"


def test_bounds(postgres: System) -> None:
    """A file that is too large, plain or unpacked, and one batch too many, are refused; the rest of
    the gateway's memory does not grow with a file."""
    part, client = postgres.start_gateway(MAX_BATCH=str(40 * MEBIBYTE), BATCHES_OPEN="1")
    before = memory(part)
    file = b'{"id": "much", "observation": {}}\n' * 10
    with watched(part) as held:
        for body, more in (
            (file * (41 * MEBIBYTE // len(file)), {}),
            (gzip.compress(file * (41 * MEBIBYTE // len(file)), 1), {"Content_Encoding": "gzip"}),
        ):
            answer = send(client, body, **more)
            assert answer.status == 413, answer
            assert "MAX_BATCH" in answer.json["error"]
            again = send(client, file)
            assert (again.status, again.headers["retry-after"]) == (503, "30"), again
            assert client.delete(f"/batches/{answer.json['batch_id']}").status == 200
    assert max(held) - before < 30 * MEBIBYTE, f"grown by {max(held) - before >> 20} MiB"
