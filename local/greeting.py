"""What is said when everything is ready: where it listens, and a command to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from shared.address import Address

# The variables from which curl learns of a proxy for http:// addresses.
_PROXIES = ("http_proxy", "all_proxy", "ALL_PROXY")


def make_greeting(
    address: Address,
    observation: Mapping[str, Any],
    keys: int,
    environment: Mapping[str, str],
) -> str:
    """The text, whose command works as it stands in a shell with this environment, with an
    observation of the model that is served. `keys` is how many API keys there are."""
    body = shlex.quote(json.dumps({"id": 0, "observation": observation}))
    # A proxy cannot reach this machine's loopback.
    direct = " --noproxy '*'" if any(environment.get(name) for name in _PROXIES) else ""
    # The variable has all of them, with commas; any one of them will do.
    variable = "${API_KEY%%,*}" if keys > 1 else "$API_KEY"
    key = f' -H "Authorization: Bearer {variable}"' if keys else ""
    # The brackets of an IPv6 address are a pattern to some shells.
    url = shlex.quote(f"{address.url}/predict")
    return (
        f"ready on {address.url}; Ctrl-C stops it. Try:\n\n"
        f"curl{direct} -X POST {url} -H 'Content-Type: application/json'{key} "
        f"-d {body}\n\n"
        f"or open {address.url}/docs\n"
    )
