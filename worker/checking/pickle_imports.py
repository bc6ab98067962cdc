"""What a pickle would import, listed without running any of it."""

from __future__ import annotations

import bz2
import gzip
import inspect
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

# What holds an array's shape and type; with `_Array`, all that has to be real to find the end of
# its bytes.
_OF_ARRAYS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}

# How joblib compresses, by the first bytes of a file.
_COMPRESSED: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x78": zlib.decompress,
    b"\x1f\x8b": gzip.decompress,
    b"BZ": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"\x5d\x00": lzma.decompress,
}


class _Anything:
    """Stands in for whatever a pickle asks for: it can be called, changed and filled, and nothing
    comes of it."""

    def __new__(cls, *_: Any, **__: Any) -> _Anything:
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> _Anything:
        return _Anything()

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        """As of a list."""

    def extend(self, _: Any) -> None:
        """As of a list."""

    def add(self, _: Any) -> None:
        """As of a set."""


class _Array(NumpyArrayWrapper):  # type: ignore[misc]
    """An array in joblib's file. One of objects is a pickle within the pickle, which joblib before
    1.6 reads with an unpickler that runs everything."""

    def read(self, unpickler: Any, *given: Any) -> Any:
        if self.dtype.hasobject:
            return _Within(unpickler).load()
        return super().read(unpickler, *given)


class _Within(pickle.Unpickler):
    """Reads a pickle that stands within another, and asks the other's reader for every name."""

    def __init__(self, around: Any) -> None:
        super().__init__(around.file_handle)
        self._around = around

    def find_class(self, module: str, name: str) -> Any:
        return self._around.find_class(module, name)


class _Lister(NumpyUnpickler):  # type: ignore[misc]
    """Reads a pickle, and notes what it asks for instead of giving it."""

    def __init__(self, note: Callable[[str], None], *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._note = note

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            return _Array
        if (module, name) in _OF_ARRAYS:
            return super().find_class(module, name)
        self._note(f"{module}.{name}")
        return _Anything


def pickle_imports(path: Path, note: Callable[[str], None]) -> None:
    """Give `note` the dotted names that unpickling a file would look up, in its order. Those that
    only hold arrays are left out.

    Raises:
        Exception: whatever comes of a pickle that is broken, or crafted to be: it cannot be read to
            its end, so what it would look up from there on is not known.
    """
    with path.open("rb") as file:
        data = _decompressed(file.read())
    # joblib before 1.5 does not have that parameter.
    known = "ensure_native_byte_order" in inspect.signature(NumpyUnpickler).parameters
    named = {"ensure_native_byte_order": False} if known else {}
    _Lister(note, str(path), io.BytesIO(data), **named).load()


def _decompressed(data: bytes) -> bytes:
    for prefix, decompress in _COMPRESSED.items():
        if data.startswith(prefix):
            return decompress(data)
    return data
