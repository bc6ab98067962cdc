"""Whether the gateway of this machine is up, as an exit code: `python -m api.health_check`."""

from __future__ import annotations

import http.client
import sys

from shared.address import listening_address
from shared.errors import StartError
from shared.settings import Settings

# In seconds, for the connection and for the answer.
WAIT = 3.0


def main() -> int:
    """0 when it answers, 1 with one line when it does not."""
    try:
        settings = Settings.from_environment()
        address = listening_address(settings.host, settings.port)
        # By hand: urllib would ask the proxy that the environment may name.
        gateway = http.client.HTTPConnection(address.connect_host, address.port, timeout=WAIT)
        gateway.request("GET", "/healthz")
        status = gateway.getresponse().status
    except (StartError, OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"queuecast: the gateway does not answer: {error}\n")
        return 1
    return int(status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main())
