"""Is every row there that was promised, once, with the probability that was said?"""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.books import Books, Said, name
from tests.faults.evidence import Row
from tests.faults.problem import Problem, doubled, lost, wrong
from tests.faults.record import Record

# Scored alone or in a group: the contract's tolerance.
SAME = 1e-12


def check_rows(books: Books) -> Iterator[Problem]:
    """The rows by themselves."""
    for key, rows in books.rows.items():
        for _ in rows[1:]:
            yield doubled(f"observation {key!r} has {len(rows)} rows")
        yield from _check_origin(books, key, rows[0])
    for row in books.before.rows:
        now = books.row(row.key)
        if now is None:
            yield lost(f"observation {row.key!r}: its row is gone")
        elif (now.proba, now.request_id, now.body) != (row.proba, row.request_id, row.body):
            yield doubled(f"observation {row.key!r}: its row was replaced")


def _check_origin(books: Books, key: str, row: Row) -> Iterator[Problem]:
    makers = {r.ask.number: r for r in books.predictions.get(key, ())}
    maker = makers.get(row.maker or -1)
    if maker is None:
        yield wrong(f"observation {key!r}: nobody asked for its row ({row.body[:200]})")
    elif maker.ask.body.decode() != row.body:
        yield wrong(f"observation {key!r}: its row does not hold the body that was sent")
    elif maker.ask.trap:
        yield wrong(f"{name(maker)}: has a row")
    elif not _is_right(books, maker, row.proba):
        yield wrong(f"{name(maker)}: its row holds {row.proba!r}, and {_right(books, maker)}")
    elif row.number <= 0 or not row.request_id:
        yield wrong(f"{name(maker)}: its row has id {row.number} and request {row.request_id!r}")


def _is_right(books: Books, record: Record, proba: float) -> bool:
    return abs(proba - books.oracle(record.ask.observation or {})) <= SAME


def _right(books: Books, record: Record) -> str:
    return f"the pipeline says {books.oracle(record.ask.observation or {})!r}"


def check_predictions(books: Books) -> Iterator[Problem]:
    """Each prediction that was told, against its row."""
    for said in books.said():
        row = books.row(said.record.ask.key)
        if not said.exists and not _is_right(books, said.record, said.proba):
            right = _right(books, said.record)
            yield wrong(f"{name(said.record)}: {said.how} {said.proba!r}, and {right}")
        if row is None:
            yield lost(f"{name(said.record)}: {said.how} {said.proba!r}, and there is no row")
        elif row.proba != said.proba:
            yield doubled(
                f"{name(said.record)}: {said.how} {said.proba!r}, and the row holds {row.proba!r}"
            )
        else:
            yield from _check_winner(said, row)


def _check_winner(said: Said, row: Row) -> Iterator[Problem]:
    """Only the request that made the row is answered as the first, and that one always is."""
    made = row.maker == said.record.ask.number
    if made and said.exists:
        yield wrong(f'{name(said.record)}: made the row, and was told that it "already exists"')
    if not made and not said.exists:
        yield doubled(
            f"{name(said.record)}: answered as the first, but request {row.maker} made the row"
        )


def check_again(books: Books) -> Iterator[Problem]:
    """What had no answer, sent again: the stored answer, if anything was stored."""
    stored = {row.key: row for row in books.before.rows}
    for record in books.again:
        row = stored.get(record.ask.key)
        if record.ask.observation is None:
            continue
        if not record.accepted or record.body is None:
            yield lost(f"{name(record)}: sent again, it was answered {record.body}")
        elif record.status == 200 and row is not None and record.body.get("proba") != row.proba:
            yield doubled(f"{name(record)}: sent again, {record.body} for a row of {row.proba!r}")
