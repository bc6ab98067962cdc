"""The files of the page to try it on, as they are sent to browsers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# The page itself; every other file is one that it asks for.
PAGE = "docs.html"

_FOLDER = Path(__file__).parent
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# Nothing but this gateway's own files is loaded, run, asked or shown, and nothing in a document may
# become code or markup, whatever a model's columns are called.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file: its name, its bytes, and the headers that they are sent with."""

    name: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]


def page_files() -> list[PageFile]:
    """Every file of the page, read from the project."""
    paths = sorted(path for path in _FOLDER.iterdir() if path.suffix in _TYPES)
    return [PageFile(path.name, path.read_bytes(), _headers(path.suffix)) for path in paths]


def _headers(suffix: str) -> tuple[tuple[bytes, bytes], ...]:
    named = {
        "content-type": f"{_TYPES[suffix]}; charset=utf-8",
        # The files of one version belong together.
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "content-security-policy": POLICY,
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in named.items())
