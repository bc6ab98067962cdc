"""Tables in the documents, between comments that name the command which writes them."""

from __future__ import annotations

from shared.errors import QueuecastError
from shared.settings import CHECKOUT

PROFILE = CHECKOUT / "docs" / "profile.md"
README = CHECKOUT / "README.md"
# Where the tables of each command stand.
PLACES = {"make bench": (PROFILE,), "make bench-peers": (PROFILE, README)}


class NotMarkedError(QueuecastError):
    """A document has no place, or more than one, for a command's tables."""


def replace_marked(text: str, command: str, body: str) -> str:
    """The document with another body between the command's two comments.

    Raises:
        NotMarkedError: the document does not have each of them once, in order.
    """
    begin, end = f"<!-- `{command}` writes this -->", f"<!-- end of `{command}` -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
        raise NotMarkedError(f"there must be one {begin!r}, and after it one {end!r}")
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{body.strip()}\n{end}{rest.partition(end)[2]}"
