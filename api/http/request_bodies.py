"""Request bodies: JSON of the right shape, or a reason why not. Pure."""

from __future__ import annotations

from shared.errors import MalformedBodyError
from shared.queue.messages import Kind, Request
from shared.request_shape import check_shape
from shared.strict_json import parse_object


def understand(kind: Kind, data: bytes, identity: str) -> Request:
    """The request, of this identity, that a client asks for with this body.

    Raises:
        MalformedBodyError: it is not JSON in UTF-8.
        WrongShapeError: a field is missing or of the wrong kind.
    """
    text = _text(data)
    return Request(identity, kind, check_shape(kind, parse_object(text)), text)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBodyError(f"the body is not UTF-8: {error.reason}") from error
