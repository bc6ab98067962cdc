"""Every query that lists predictions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from shared.db.seen_rows import SEEN, as_seen
from shared.db.tables import PREDICTION

_c = PREDICTION.c


def page(connection: Connection, after: int, limit: int) -> list[dict[str, Any]]:
    """Rows with an `id` above `after`, oldest first, at most `limit` of them."""
    query = select(*SEEN).where(_c.id > after).order_by(_c.id).limit(limit)
    return [as_seen(found) for found in connection.execute(query)]
