"""What a request says of a file that it uploads, or goes on with: the header fields of
draft-ietf-httpbis-resumable-upload, and the file's type. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from werkzeug.http import parse_options_header

from shared.errors import MalformedBodyError, UnsupportedTypeError
from shared.shown import shown

FORMATS = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
}
# The type of a part of an upload (the same draft, "Media Type application/partial-upload").
PART = "application/partial-upload"
_BOOLEANS = {"?0": False, "?1": True}


def is_complete(headers: Mapping[bytes, bytes]) -> bool | None:
    """What `Upload-Complete` says: whether the file ends with this request; None without it.

    Raises:
        MalformedBodyError: it is neither `?0` nor `?1`.
    """
    sent = headers.get(b"upload-complete")
    if sent is None:
        return None
    text = sent.decode("latin-1").strip()
    if text not in _BOOLEANS:
        raise MalformedBodyError(f"Upload-Complete is {shown(text)}, and must be ?0 or ?1")
    return _BOOLEANS[text]


def offset(headers: Mapping[bytes, bytes]) -> int:
    """What `Upload-Offset` says: at which byte of the file this part begins.

    Raises:
        MalformedBodyError: it is missing, or no such number.
    """
    text = headers.get(b"upload-offset", b"").decode("latin-1").strip()
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise MalformedBodyError(
            f"Upload-Offset is {shown(text)}, and must be the number of the byte at which this "
            "part begins; HEAD of the batch tells it"
        )
    return int(text)


def complete_field(complete: bool) -> str:
    """`Upload-Complete` as it is written."""
    return "?1" if complete else "?0"


def format_of(headers: Mapping[bytes, bytes]) -> str:
    """Which format a file has: `ndjson` or `csv`.

    Raises:
        UnsupportedTypeError: none that is taken.
    """
    mimetype, charset = _type(headers)
    found = FORMATS.get(mimetype)
    if found is None or not _is_utf8(charset):
        raise UnsupportedTypeError(
            "send the file as Content-Type: application/x-ndjson or text/csv, in UTF-8"
        )
    return found


def check_part(headers: Mapping[bytes, bytes], format_of_file: str) -> None:
    """See that a part says that it is one, or has the type of its file.

    Raises:
        UnsupportedTypeError: it does not.
    """
    mimetype, charset = _type(headers)
    if mimetype == PART or (FORMATS.get(mimetype) == format_of_file and _is_utf8(charset)):
        return
    raise UnsupportedTypeError(
        f"send the part as Content-Type: {PART}, or with the type of its file, {format_of_file}"
    )


def is_gzip(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a body is compressed.

    Raises:
        UnsupportedTypeError: with something else than gzip.
    """
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in (b"gzip", b"x-gzip"):
        return True
    if encoding in (b"", b"identity"):
        return False
    given = encoding.decode("latin-1")
    raise UnsupportedTypeError(
        f"Content-Encoding is {shown(given)}, but a file may only be plain or gzip"
    )


def _type(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    sent = headers.get(b"content-type", b"")
    if not sent.isascii():
        return "", ""
    mimetype, options = parse_options_header(sent.decode("ascii"))
    return mimetype.lower(), options.get("charset", "utf-8")


def _is_utf8(charset: str) -> bool:
    return charset.lower().replace("-", "") in ("utf8", "usascii")
