"""A group's text, or a piece's, as the message that a Celery worker takes from Redis.

Written here rather than by `Celery.send_task`, which takes four times as long and would bring
Celery into the gateway: version 2 of Celery's message protocol (Celery documentation, "Message
Protocol") inside kombu's envelope for transports that are not AMQP. A test holds it against what
the installed Celery writes.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

from shared.queue.messages import PIECE_TASK, TASK_OF_KIND, UNREADABLE, Group, MessageError
from shared.queue.piece_message import Piece


def message(group: Group, queue: str) -> str:
    """What is put on a lane's queue for a group."""
    task = TASK_OF_KIND[group.requests[0].kind]
    return celery_message(task, group.to_text(), queue, group.group_id)


def piece_message(piece: Piece, queue: str) -> str:
    """What is put on the queue of the bulk lane for a piece of a batch."""
    return celery_message(PIECE_TASK, piece.to_text(), queue, piece.message_id)


def piece_in(text: str) -> Piece:
    """The piece of such a message, for whoever takes it from its lane without Celery.

    Raises:
        MessageError: it is no piece of this version or a neighbouring one.
    """
    try:
        body = json.loads(b64decode(json.loads(text)["body"]))
        return Piece.from_text(body[0][0])
    except (*UNREADABLE, IndexError) as error:
        raise MessageError(f"not a piece: {error!r}") from error


def celery_message(task: str, text: str, queue: str, message_id: str) -> str:
    """The message that calls `task` with one argument, `text`.

    It does not expire: that is judged by the clocks of two machines, which may differ.
    """
    # The argument stays text: the worker's parent process passes it on without reading it.
    embedded = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = json.dumps([[text], {}, embedded])
    message = {
        "body": b64encode(body.encode()).decode("ascii"),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": task,
            "id": message_id,
            "root_id": message_id,
            "parent_id": None,
            "group": None,
            "group_index": None,
            "shadow": None,
            "eta": None,
            "expires": None,
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": "",
            "kwargsrepr": "",
            "origin": "queuecast",
            "ignore_result": True,
            "replaced_task_nesting": 0,
            "stamped_headers": None,
            "stamps": {},
        },
        "properties": {
            "correlation_id": message_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": message_id,
        },
    }
    return json.dumps(message)
