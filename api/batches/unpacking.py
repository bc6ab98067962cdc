"""Undoes gzip bit by bit. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from shared.errors import MalformedBodyError

# zlib's number for a gzip header and trailer (Python's documentation, "zlib.decompressobj").
_GZIP = 31
# How many bytes are unpacked at a time: a small part can hold a thousand times as many.
AT_A_TIME = 256 * 1024


class Unpacking:
    """One compressed part of a file; it may have several members (RFC 1952)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._has_begun = False

    def add(self, data: bytes) -> Iterator[bytes]:
        """What comes out of the next bytes, in blocks of bounded size.

        Raises:
            MalformedBodyError: they are not gzip.
        """
        self._has_begun = self._has_begun or bool(data)
        while True:
            if self._member.eof:
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP)
            try:
                block = self._member.decompress(data, AT_A_TIME)
            except zlib.error as error:
                raise MalformedBodyError(f"the file is not gzip: {error}") from error
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if block:
                yield block
            # A full block may have left something within zlib.
            if not data and len(block) < AT_A_TIME:
                return

    def end(self) -> None:
        """No more comes.

        Raises:
            MalformedBodyError: something is missing.
        """
        if self._has_begun and not self._member.eof:
            raise MalformedBodyError("the file is not gzip: it is cut off")
