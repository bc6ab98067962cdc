"""The `Prefer` header (RFC 7240): whether, and how long, a client wants to wait."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREFERENCE = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))\s*)?$")


@dataclass(frozen=True, slots=True)
class Preference:
    """What a client prefers. `wait` is in seconds, None when it did not say."""

    respond_async: bool = False
    wait: int | None = None

    def seconds(self, default: float, ceiling: float) -> float:
        """How long to wait for the answer before the request becomes a job."""
        if self.wait is not None:
            return min(float(self.wait), ceiling)
        return 0.0 if self.respond_async else default


def parse(headers: list[str]) -> Preference:
    """Read every `Prefer` header of a request; what is malformed or unknown is ignored.

    The first of two preferences of one name counts (RFC 7240, section 2).
    """
    respond_async = False
    wait: int | None = None
    for part in ",".join(headers).split(","):
        match = _PREFERENCE.match(part.split(";")[0])
        if match is None:
            continue
        name, value = match[1].lower(), match[2] if match[2] is not None else match[3]
        if name == "respond-async" and not value:
            respond_async = True
        elif name == "wait" and wait is None and value and re.fullmatch(r"[0-9]{1,9}", value):
            wait = int(value)
    return Preference(respond_async, wait)
