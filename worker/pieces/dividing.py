"""How the text of a piece is divided into smaller ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db.piece_rows import Part

# How many rows may be run together after so many tries that no process lived to end: the last try
# is of one row alone, so that only the one at fault is set aside.
_AFTER = {0: None, 1: 32}


def most_rows(attempts: int) -> int | None:
    """How many rows of a piece may be run together that was tried so often; None for all."""
    return _AFTER.get(attempts, 1)


def divided(part: Part, texts: Sequence[str], size: int) -> list[Part]:
    """The part in parts of at most so many rows; `texts` are its rows."""
    if len(texts) <= size:
        return [part]
    return [behind(part, texts[: start + size], start) for start in range(0, len(texts), size)]


def behind(part: Part, texts: Sequence[str], start: int) -> Part:
    """The part from a place in its rows on; `texts` are the rows, perhaps not to its end."""
    some = texts[start:]
    return Part(part.first_line + start, len(some), "\n".join(some))
