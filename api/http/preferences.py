"""The `Prefer` header (RFC 7240): whether, and how long, a client wants to wait."""

from __future__ import annotations

import re
from dataclasses import dataclass

# List elements: a comma within a quoted string separates nothing (RFC 9110, section 5.6.4).
_ELEMENT = re.compile(r"(?:[^,\"]|\"(?:\\.|[^\"\\])*(?:\"|$))+")
# More than any ceiling; what has more digits than this is not even read.
_LONGEST = 10**9
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


NONE = Preference()


def parse(headers: list[str]) -> Preference:
    """Read every `Prefer` header of a request; what is malformed or unknown is ignored.

    The first of two preferences of one name counts (RFC 7240, section 2).
    """
    respond_async = False
    wait: int | None = None
    for part in _ELEMENT.findall(",".join(headers)):
        match = _PREFERENCE.match(part.split(";")[0])
        if match is None:
            continue
        name, value = match[1].lower(), match[2] if match[2] is not None else match[3]
        if name == "respond-async" and not value:
            respond_async = True
        elif name == "wait" and wait is None and value and re.fullmatch(r"[0-9]+", value):
            wait = int(value[-9:]) if len(value.lstrip("0")) <= 9 else _LONGEST
    return Preference(respond_async, wait)
