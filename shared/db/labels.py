"""Every query that labels predictions: what really happened is written beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from shared.db.clock import clock
from shared.db.conditions import among
from shared.db.seen_rows import SEEN, as_seen, timestamp
from shared.db.tables import PREDICTION

_LABEL = """
    UPDATE prediction
    SET true_class = label.true_class, true_class_seq = label.seq, true_class_at = label.moment
    FROM unnest(%(keys)s::text[], %(classes)s::text[], %(seqs)s::bigint[],
                %(moments)s::timestamptz[]) AS label (key, true_class, seq, moment)
    WHERE observation_id = label.key AND (true_class_seq IS NULL OR true_class_seq < label.seq)
"""


@dataclass(slots=True)
class Labelled:
    """A row as clients see it, the number of the update that labelled it, and the time by the
    database's clock when it was read."""

    row: dict[str, Any]
    seq: int | None
    now: datetime

    def apply(self, true_class: Any, seq: int) -> bool:
        """Label the row, unless a later accepted label is there: then nothing changes, and this is
        false. The database hears of it by `set_true_classes`."""
        if self.seq is not None and self.seq >= seq:
            return False
        self.row |= {"true_class": true_class, "true_class_at": timestamp(self.now)}
        self.seq = seq
        return True


def labelled(connection: Connection, keys: Sequence[str]) -> dict[str, Labelled]:
    """The rows of these observations as they are now, by key. Nobody else labels them until this
    transaction ends."""
    c = PREDICTION.c
    query: Select[Any] = select(*SEEN, c.true_class_seq, clock(connection).label("now"))
    # In one order, so that two groups never wait for each other.
    query = query.where(among(c.observation_id, keys)).order_by(c.id)
    found = connection.execute(query.with_for_update(key_share=True))
    return {r.observation_id: Labelled(as_seen(r), r.true_class_seq, r.now) for r in found}


def set_true_classes(connection: Connection, labels: Mapping[str, Labelled]) -> None:
    """Write down what `Labelled.apply` made of rows, by key; a later label that is there stays."""
    rows = [
        {
            "key": key,
            "label": label.row["true_class"],
            "label_seq": label.seq,
            "label_at": label.now,
        }
        for key, label in labels.items()
    ]
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        parameters = {
            "keys": [r["key"] for r in rows],
            "classes": [json.dumps(r["label"]) for r in rows],
            "seqs": [r["label_seq"] for r in rows],
            "moments": [r["label_at"] for r in rows],
        }
        connection.exec_driver_sql(_LABEL, parameters)
        return
    c = PREDICTION.c
    statement = (
        update(PREDICTION)
        .where(
            c.observation_id == bindparam("key"),
            c.true_class_seq.is_(None) | (c.true_class_seq < bindparam("label_seq")),
        )
        .values(
            true_class=bindparam("label"),
            true_class_seq=bindparam("label_seq"),
            true_class_at=bindparam("label_at"),
        )
    )
    connection.execute(statement, rows)
