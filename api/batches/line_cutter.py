"""Cuts a file that comes in parts of any size into whole lines. Pure.

Nothing of a line is understood here but where it ends: that is for a worker. A line that no worker
could be handed, as it is no UTF-8 or too long, is refused, and an empty one stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.errors import WrongShapeError

# How many lines a piece has at most: what a worker scores and commits at a time.
PIECE_LINES = 1000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What stands for the open line, which never holds a newline that ends it, when that is too long:
# the rest of it is passed over. With a quote it goes on within one.
_TOO_LONG, _TOO_LONG_QUOTED = b"\n", b'\n"'


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file: the number of the first, how many they are, and their text, with a
    newline between two. `rejects` are those that were refused."""

    first_line: int
    count: int
    text: str
    rejects: list[dict[str, Any]] = field(default_factory=list)


class LineCutter:
    """Cuts one file. `open_line` and `next_line` say where it goes on.

    In a `quoted` file, CSV, a newline within quotes ends no line: a record is one line, however
    many it is written on. `largest` is how many bytes a line may have, and `check` raises
    WrongShapeError for a text that the database cannot keep.
    """

    def __init__(
        self,
        quoted: bool,
        largest: int,
        check: Callable[[str], None],
        open_line: bytes = b"",
        next_line: int = 1,
    ) -> None:
        self._quoted = quoted
        self._largest = largest
        self._check = check
        self._skipping = open_line in (_TOO_LONG, _TOO_LONG_QUOTED)
        # Whether the open line ends within quotes.
        self._in_quotes = quoted and open_line.count(b'"') % 2 == 1
        self._open = bytearray(b"" if self._skipping else open_line)
        self._at_start = next_line == 1 and not open_line
        self.next_line = next_line
        # Whole lines that are to be taken; None is one that was too long.
        self._whole: list[bytes | None] = []
        self.gathered = 0

    @property
    def open_line(self) -> bytes:
        """The beginning of the line that has not ended yet."""
        if self._skipping:
            return _TOO_LONG_QUOTED if self._in_quotes else _TOO_LONG
        return bytes(self._open)

    def add(self, data: bytes) -> None:
        """Take in what comes next."""
        if self._at_start:
            self._open += data
            if len(self._open) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(self._open):
                return
            data = bytes(self._open.removeprefix(_BYTE_ORDER_MARK))
            self._open.clear()
            self._at_start = False
        lines = data.split(b"\n")
        if len(lines) > 2 and len(data) <= self._largest and not (self._quoted and b'"' in data):
            # Nearly always: one open line ends, others are whole, and none is too long.
            self._continue(lines[0])
            if not self._in_quotes:
                self._end_line()
                self._whole += lines[1:-1]
                self.gathered += len(data)
                lines = lines[-1:]
            else:
                self._continue(b"\n")
                lines = lines[1:]
        for line in lines[:-1]:
            self._continue(line)
            if self._in_quotes:
                self._continue(b"\n")
            else:
                self._end_line()
        self._continue(lines[-1])

    def end(self) -> None:
        """The file ends: so does its last line, if it has one."""
        self._at_start = False
        if self._open or self._skipping:
            self._end_line()

    def take_first(self) -> str | None:
        """The first line that was gathered, as text, which is taken out; None when there is none.

        Raises:
            WrongShapeError: it cannot be one.
        """
        if not self._whole:
            return None
        line = self._whole.pop(0)
        found, error = self._text_of(line)
        if error:
            raise WrongShapeError(error)
        self.next_line += 1
        return found

    def take(self) -> list[Lines]:
        """All whole lines that were gathered, in pieces of about equal length."""
        whole, self._whole, self.gathered = self._whole, [], 0
        pieces = -(-len(whole) // PIECE_LINES)
        size = -(-len(whole) // pieces) if pieces else 1
        return [self._piece(whole[at : at + size]) for at in range(0, len(whole), size)]

    def _continue(self, part: bytes) -> None:
        if self._quoted and part.count(b'"') % 2:
            self._in_quotes = not self._in_quotes
        if self._skipping:
            return
        self._open += part
        if len(self._open) > self._largest:
            self._open.clear()
            self._skipping = True

    def _end_line(self) -> None:
        self._whole.append(None if self._skipping else bytes(self._open))
        self.gathered += len(self._open) + 1
        self._open.clear()
        self._skipping = self._in_quotes = False

    def _piece(self, lines: list[bytes | None]) -> Lines:
        first = self.next_line
        self.next_line += len(lines)
        try:
            text = b"\n".join(lines).decode()  # type: ignore[arg-type]
            if "\0" not in text:
                self._check(text)
                return Lines(first, len(lines), text)
        except (TypeError, UnicodeDecodeError, WrongShapeError):
            pass  # one of them is at fault: each is looked at by itself
        texts, rejects = [], []
        for number, line in enumerate(lines, first):
            text, error = self._text_of(line)
            texts.append("" if error else text)
            if error:
                original = None if line is None else text
                rejects.append(
                    {"line": number, "id": None, "column": None, "error": error,
                     "original": original}
                )  # fmt: skip
        return Lines(first, len(lines), "\n".join(texts), rejects)

    def _text_of(self, line: bytes | None) -> tuple[str, str]:
        """A line's text, and why it is refused, if it is."""
        if line is None:
            return "", f"the line is longer than MAX_BODY, {self._largest} bytes"
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            shown = line.decode(errors="replace")
            return shown, f"the line is not UTF-8: byte 0x{line[error.start]:02x} at {error.start}"
        if "\0" in text:
            return text, "the line holds a NUL, which no database keeps"
        try:
            self._check(text)
        except WrongShapeError as error:
            return text, str(error)
        return text, ""
