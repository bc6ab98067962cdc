"""The `Host` that a request names. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from shared.errors import MalformedHostError

_LONGEST = 255
# A name or an IPv4 address, or an IPv6 address in brackets; and perhaps a port.
_HOST = re.compile(
    rb"([\w~%!$&'()*+,;=-]{1,63}\.)*[\w~%!$&'()*+,;=-]{0,63}(:\d*)?|\[[\w:.%]+\](:\d*)?"
)


@lru_cache(maxsize=256)
def check_host(host: bytes) -> None:
    """See that a host could be one (RFC 9110, section 7.2).

    Raises:
        MalformedHostError: it could not.
    """
    if len(host) > _LONGEST or not _HOST.fullmatch(host):
        raise MalformedHostError("the Host header names no host")
