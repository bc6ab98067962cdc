"""What a `REDIS_URL` says, read once: redis-py and kombu each read a query in their own way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from shared.url_password import escape_credentials

ALLOWED = (
    "redis://:password@host:port/number, or rediss://… for TLS; in its query only db=number and, "
    "with TLS, ssl_cert_reqs=none or required; a password's / ? # @ are %2F %3F %23 %40 in it"
)

# As redis-py, Celery's documentation and the platforms' pages write them. A client that only asks
# for a certificate ("optional") verifies what a server always sends.
_VERIFY = {
    "none": False, "cert_none": False,
    "required": True, "cert_required": True, "optional": True, "cert_optional": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """`url` has no query any more, and its password is escaped; `tls_verify` is what the query said
    of the certificate, None when it said nothing."""

    url: str
    tls_verify: bool | None = None


def read_redis_url(value: str) -> RedisUrl:
    """Read a URL as redis-py and Celery users write it; an empty one stays empty.

    Raises:
        ValueError: it is none, or says what cannot be done, or says two things at once.
    """
    if not value:
        return RedisUrl("")
    parts = urlsplit(escape_credentials(value))
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.fragment:
        raise ValueError(value)
    if not re.fullmatch(r"/?|/\d+", parts.path):
        raise ValueError(value)
    _ = parts.port  # raises ValueError when it is no port
    query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    said = dict(query)
    if len(said) < len(query) or not said.keys() <= {"db", "ssl_cert_reqs"}:
        raise ValueError(value)
    path = parts.path
    if "db" in said:
        if not re.fullmatch(r"\d+", said["db"], re.ASCII) or path not in (
            "",
            "/",
            f"/{said['db']}",
        ):
            raise ValueError(value)
        path = f"/{said['db']}"
    verify = None
    if "ssl_cert_reqs" in said:
        if parts.scheme != "rediss":
            raise ValueError(value)
        verify = _VERIFY.get(said["ssl_cert_reqs"].lower())
        if verify is None:
            raise ValueError(value)
    return RedisUrl(parts._replace(path=path, query="").geturl(), verify)
