"""`make reload`: the workers of `make run` take up what the model's folder holds now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local.console import say
from shared.address import listening_address
from shared.errors import StartError
from shared.settings import ENVIRONMENT, Settings


def main() -> int:
    """Run `queuecast model reload` against the address, and with the key, of `make run`."""
    try:
        settings = Settings.from_environment()
        address = listening_address(settings.host, settings.port)
    except StartError as error:
        say(str(error))
        return 1
    environment = {**ENVIRONMENT, "QUEUECAST_URL": address.url}
    if settings.api_key:
        environment["QUEUECAST_API_KEY"] = settings.api_key[0]
    command = str(Path(sys.executable).parent / "queuecast")
    return subprocess.call([command, "model", "reload"], env=environment)


if __name__ == "__main__":
    sys.exit(main())
