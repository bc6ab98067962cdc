"""What is answered beside success: each status that the code gives, with its body. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.openapi.references import header, schema

# Any request can be answered with these: whatever it asks for, it may be no HTTP, too large, one
# too many, or meet a fault of ours.
_ANY = ("400", "414", "431", "500", "501", "503")

_TOLD = {
    "400": "Broken JSON, nested deeper than 32 or with a key twice in an object; or no HTTP/1.1.",
    "401": "An API key is needed.",
    "404": "There is no such thing.",
    "408": "The body took too long to come, or stood still.",
    "409": "It runs or has ended and cannot be cancelled; or an upload is at another place.",
    "410": "The job, or the batch, ended, and was cleared away since.",
    "413": "The body is too large, as it was sent or as it is decompressed.",
    "414": "The URL is too long.",
    "415": "The body is no JSON in UTF-8, or in an encoding that is not gzip.",
    "422": "A field is wrong; the error names it.",
    "431": "The headers are too large.",
    "500": "A fault of ours, or of the model; the log has its trace.",
    "501": "A Transfer-Encoding that is not taken.",
    "503": "A part is away, or there is no room. Nothing was stored or promised.",
    "504": "A part was lost in the middle, so that it cannot be known whether this was stored or "
    "promised. Sending the same again is safe.",
}  # fmt: skip
_HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"const": "Bearer"}, "required": True}},
    "503": {"Retry-After": header("Retry-After")},
}
_OF_BODIES = ("408", "413", "415", "422", "504")


def component_responses() -> dict[str, Any]:
    """Every error, as `components/responses` has them by their status."""
    return {
        status: {
            "description": told,
            "headers": {"X-Request-Id": header("X-Request-Id"), **_HEADERS.get(status, {})},
            "content": json_content(schema("PerhapsPromised" if status == "504" else "Error")),
        }
        for status, told in _TOLD.items()
    }


def responses(
    succeeded: Mapping[str, Any], *errors: str, asks_for_key: bool, takes_body: bool = False
) -> dict[str, Any]:
    """The responses of an operation: its own, those of any request, and these errors."""
    of_bodies = _OF_BODIES if takes_body else ()
    named = {*_ANY, *errors, *of_bodies, *(["401"] if asks_for_key else ())}
    found = {status: {"$ref": f"#/components/responses/{status}"} for status in named}
    return dict(sorted({**found, **succeeded}.items()))


def succeeded(
    told: str, content: Mapping[str, Any], headers: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """An answer that is no error, of this content."""
    named = {"X-Request-Id": header("X-Request-Id"), **(headers or {})}
    return {"description": told, "headers": named, "content": content, **more}


def json_content(of: Mapping[str, Any], example: Any = None) -> dict[str, Any]:
    """JSON of this schema, with an example."""
    found: dict[str, Any] = {"schema": of}
    if example is not None:
        found["example"] = example
    return {"application/json": found}
