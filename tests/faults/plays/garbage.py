"""What nobody of ours would ever put on a queue."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

from shared.observation_id import ObservationId
from shared.queue.broker import REPLIES
from shared.queue.messages import WIRE_VERSION, Kind, Lane, Request
from tests.faults.evidence import query
from tests.faults.message import changed, envelope, group, message
from tests.faults.problem import wrong
from tests.faults.stage import Stage
from tests.system import wait_for

RAW = (
    b"garbage", b"\xff\xfe\x00\x80", b"", b"{}", b"[]", b"null", b"17", b'"text"', b'{"body": 1}',
    b'{"body": "e30=", "headers": {}, "properties": {}}', b"[" * 5000,
)  # fmt: skip
REPLIES_RAW = (
    b"garbage", b"\xff\xfe\x00\x80", b"[]", b"null", b"17", b"[" * 5000,
    b'{"version": 99, "group_id": null, "outcomes": []}',
    # Of the version that is read, so that it is their shape that is looked at.
    b'{"version": %d, "group_id": 17, "outcomes": [[1, "x", null]]}' % WIRE_VERSION,
    b'{"version": %d, "outcomes": "many"}' % WIRE_VERSION,
)  # fmt: skip
# What the log says of each that was read.
_DROPPED = "was dropped"


class Touch:
    """Unpickling one of these makes a file: nothing of ours may ever do that."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (self._path, os.O_CREAT)


def garbage(stage: Stage) -> None:
    """Garbage and messages of unknown versions on every lane and on every gateway's replies."""
    loaded = stage.system.folder / f"unpickled-{stage.since.job}"
    client = stage.servers.redis_client()
    before = stage.system.log().count(_DROPPED)
    sent = 0
    stage.strike("garbage is put on the lanes")
    try:
        for lane, queue in _queues(stage):
            found: list[bytes | str] = [*RAW, *_messages(lane, loaded)]
            for something in found:
                client.lpush(queue, something)
                client.rpush(queue, something)
                sent += 2
        for channel in _channels(stage):
            for reply in REPLIES_RAW:
                client.rpush(REPLIES + channel, reply)
    finally:
        client.close()
    # Celery itself says something else of tasks that it does not know: half is enough to show that
    # garbage was read. The replies do not count: the ledger has channels of gateways that ended.
    wait_for(
        lambda: stage.system.log().count(_DROPPED) - before > sent / 2, 30, "garbage is dropped"
    )
    stage.at_end.append(lambda: _check(stage, loaded))


def _queues(stage: Stage) -> list[tuple[Lane, str]]:
    return [(lane, stage.system.queue(lane)) for lane in Lane]


def _check(stage: Stage, loaded: Path) -> None:
    client = stage.servers.redis_client()
    try:
        queues = _queues(stage)
        wait_for(lambda: not any(client.llen(q) for _, q in queues), 30, "the lanes are empty")
    finally:
        client.close()
    if loaded.exists():
        stage.problems.append(wrong("a pickle from the queue was loaded"))


def _messages(lane: Lane, loaded: Path) -> list[str]:
    """Celery's messages, each with something that we do not take."""
    body = pickle.dumps(([Touch(loaded)], {}, {}))
    whole = group(Request("no-uuid", Kind.PREDICT, ObservationId("stranger", True), "no JSON"))
    wires: tuple[object, ...] = (
        whole, changed(whole, version=99), changed(whole, version="1"), changed(whole, version=[]),
        changed(whole, requests=[[1, 2]]), changed(whole, requests=17), changed(whole, requests=[]),
        changed(whole, requests=[["x", "no-kind", "key", True, "{}", False]]),
        "{}", "[]", "null", "17", "no JSON", "[" * 5000, "", {}, [], None, 17,
    )  # fmt: skip
    return [
        *(message(kind, lane, wire) for kind in (Kind.PREDICT, Kind.UPDATE) for wire in wires),
        envelope("queuecast.no_such_task", lane, b"[[], {}, {}]"),
        envelope("celery.backend_cleanup", lane, b"[[], {}, {}]"),
        envelope("queuecast.predict", lane, b"no JSON"),
        envelope("queuecast.predict", lane, b"[[1, 2, 3], {}, {}]"),
        envelope("queuecast.predict", lane, body, "application/x-python-serialize"),
        envelope("queuecast.predict", lane, body, "application/x-unheard-of"),
    ]


def _channels(stage: Stage) -> list[str]:
    """The gateways' reply lists, as far as the ledger knows them."""
    statement = "SELECT DISTINCT reply_to FROM job WHERE seq > %s AND reply_to IS NOT NULL"
    found = query(stage.system.database_url, statement, (stage.since.job,))
    return [channel for (channel,) in found]
