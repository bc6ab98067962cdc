"""How a password stands in a URL, and in which spellings a log might show it."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def escape_credentials(url: str) -> str:
    """The URL with every sign of its user and password escaped that has a meaning in a URL.

    The libraries differ in what they make of a sign that is not escaped: for `u:a@b@host` one has
    the host `host`, another the host `b@host`, which it would put into its errors.

    Raises:
        ValueError: nobody can tell where the password ends, since an `@` stands behind the
            authority (RFC 3986, section 3.2) and not in the value of a query's field; or it holds
            a NUL, which no server takes.
    """
    scheme, separator, rest = url.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    path, _, query = rest[len(authority) :].partition("?")
    if (
        "%00" in url
        or "@" in path
        or any("@" in field.partition("=")[0] for field in query.split("&"))
    ):
        raise ValueError(url)
    credentials, at, host = authority.rpartition("@")
    user, colon, password = credentials.partition(":")
    escaped = f"{_escape(user)}{colon}{_escape(password)}{at}{host}"
    return f"{scheme}{separator}{escaped}{rest[len(authority) :]}"


def spellings(url: str) -> set[str]:
    """Every way in which a log might spell the passwords of a URL: as it stands there, as it is
    meant, as a library escapes it when it shows a URL, and within a repr or JSON."""
    parts = urlsplit(url)
    found = [parts.password] if parts.password else []
    # libpq takes a password in the query as well.
    found += re.findall(r"password=([^&]+)", parts.query)
    meant = {unquote(text) for text in found} | {unquote_plus(text) for text in found}
    escaped = {
        spelled
        for text in meant
        for spelled in (quote(text), quote(text, safe=""), quote(text, safe=" +"), quote_plus(text))
    }
    quoted = {text for p in meant for text in (repr(p)[1:-1], json.dumps(p)[1:-1])}
    return {*found, *meant, *escaped, *quoted}


def _escape(text: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", text), safe="%")
