"""Rows as they come over a connection, cut where they end. Pure."""

from __future__ import annotations

NDJSON, CSV = "ndjson", "csv"
FORMS = (NDJSON, CSV)


class Records:
    """Takes what comes, in pieces of any size, and gives whole rows: lines of NDJSON or records of
    CSV. `rows` counts them, and `last_id` is the `id` of the last."""

    def __init__(self, form: str) -> None:
        self._is_csv = form == CSV
        self._rest = b""
        self._lacks_header = self._is_csv
        self._gave_header = False
        self.rows = 0
        self.last_id: int | None = None

    @property
    def is_amid_a_row(self) -> bool:
        """Whether a part of a row has come, or not even the header."""
        return bool(self._rest) or self._lacks_header

    def take(self, piece: bytes) -> bytes:
        """The rows that are whole now; those of a CSV come behind a header, once."""
        data = self._rest + piece
        ends = self._ends(data)
        if not ends:
            self._rest = data
            return b""
        whole, self._rest = data[: ends[-1]], data[ends[-1] :]
        if self._lacks_header:
            self._lacks_header = False
            header = ends.pop(0)
            if self._gave_header:
                whole = whole[header:]
                ends = [end - header for end in ends]
            self._gave_header = True
        if ends:
            self.rows += len(ends)
            self.last_id = self._id_of(whole)
        return whole

    def begin_anew(self) -> None:
        """What comes next is the beginning of another answer; half a row is forgotten."""
        self._rest = b""
        self._lacks_header = self._is_csv

    def _ends(self, data: bytes) -> list[int]:
        """The places behind the line ends that end a row; a quoted field of CSV may hold others."""
        found = []
        place = 0
        for number, part in enumerate(data.split(b'"') if self._is_csv else [data]):
            if number % 2 == 0:
                end = part.find(b"\n")
                while end >= 0:
                    found.append(place + end + 1)
                    end = part.find(b"\n", end + 1)
            place += len(part) + 1
        return found

    def _id_of(self, rows: bytes) -> int:
        """The `id` of the last of these rows, which is its first field."""
        ends = self._ends(rows)
        last = rows[ends[-2] if len(ends) > 1 else 0 :]
        first = last[: last.index(b",")]
        return int(first if self._is_csv else first.partition(b":")[2])
