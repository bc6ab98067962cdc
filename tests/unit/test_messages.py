"""`shared.queue.messages`: what travels, and what is not one of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.observation_id import ObservationId
from shared.queue.heartbeats import Worker, alive, said_with
from shared.queue.messages import (
    WIRE_VERSION,
    Group,
    Kind,
    Lane,
    MessageError,
    Outcome,
    Reply,
    Request,
    new_request_id,
)

SYNCHRONOUS = Request("a", Kind.PREDICT, ObservationId("1", is_text=False), '{"id": 1}')
ACCEPTED = Request("b", Kind.PREDICT, ObservationId("x", is_text=True), '{"id": "x"}', True)
OTHERS: tuple[Any, ...] = (
    99,
    WIRE_VERSION + 2,
    WIRE_VERSION - 2,
    str(WIRE_VERSION),
    True,
    None,
    [],
)
REPLY = Reply("g", (Outcome("a", 200, {"proba": 0.1}),))


def test_group_there_and_back() -> None:
    """Everything arrives, but for the bodies that the ledger has."""
    group = Group("g", "channel", (SYNCHRONOUS, ACCEPTED), 2)
    back = Group.from_text(group.to_text())
    assert back.requests[0] == SYNCHRONOUS
    assert back.requests[1].body == ""
    assert back.requests[1].accepted
    assert (back.group_id, back.reply_to, back.tries) == ("g", "channel", 2)


def test_reply_there_and_back() -> None:
    """Everything arrives."""
    assert Reply.from_text(REPLY.to_text()) == REPLY


def _changed(text: str, **changes: Any) -> str:
    return json.dumps({**json.loads(text), **changes})


@pytest.mark.parametrize("kind", [Group, Reply])
@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "null", "7", "{}", "[" * 100_000, None, 7, b"\xff", {"a": 1}]
)
def test_garbage_is_no_message(kind: Any, text: Any) -> None:
    """Whatever is on the queue, reading it raises nothing but our error."""
    with pytest.raises(MessageError):
        kind.from_text(text)


def test_another_version_is_no_message() -> None:
    """The version is looked at before anything else."""
    group = Group("g", None, (SYNCHRONOUS,))
    for kind, text in ((Group, group.to_text()), (Reply, REPLY.to_text())):
        for version in OTHERS:
            with pytest.raises(MessageError, match="wire version"):
                kind.from_text(_changed(text, version=version))
        with pytest.raises(MessageError):
            kind.from_text(_changed(text, requests=[[1]], outcomes=[[1]]))


@pytest.mark.parametrize("version", [WIRE_VERSION - 1, WIRE_VERSION, WIRE_VERSION + 1])
def test_a_neighbours_messages_are_read(version: int) -> None:
    """What it has added is passed over."""
    group = Group("g", "channel", (SYNCHRONOUS,), 1)
    wire = json.loads(group.to_text())
    later = [[*request, {"more": 1}, None] for request in wire["requests"]]
    text = _changed(group.to_text(), version=version, requests=later, deadline=17, more={"a": []})
    assert Group.from_text(text) == group
    outcomes = [[*o, "more"] for o in json.loads(REPLY.to_text())["outcomes"]]
    text = _changed(REPLY.to_text(), version=version, outcomes=outcomes, took=0.1)
    assert Reply.from_text(text) == REPLY


def test_a_neighbours_heartbeat_is_read() -> None:
    beats = [("host-1 v1", 10.0), ("host-2 v2 more of it", 10.0), ("garbage", 10.0), ("old v", 4.0)]
    assert alive([5, 0], beats) == [Worker("host-1", "v1"), Worker("host-2", "v2")]


def test_request_ids() -> None:
    """UUIDs of version 7, in the order of their time, none twice."""
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    for request_id in ids:
        assert [len(part) for part in request_id.split("-")] == [8, 4, 4, 4, 12]
        assert request_id[14] == "7"
        assert request_id[19] in "89ab"
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)


def test_heartbeats_name_the_lanes_that_are_left() -> None:
    """A worker that takes from all of them says nothing of it, as the version before."""
    some = said_with("v", [Lane.DEFERRED, Lane.BULK])
    beats = [("a v", 9.0), (f"b {some}", 9.0), ("c v more", 9.0), ("d v", 1.0)]
    assert alive([5], beats) == [
        Worker("a", "v"), Worker("b", "v", (Lane.DEFERRED, Lane.BULK)), Worker("c", "v"),
    ]  # fmt: skip
    assert said_with("v", list(Lane)) == "v"
