"""`make check`: `worker.checking` with the libraries that the model is served with."""

from __future__ import annotations

import subprocess
import sys

from local.model_environment import python_for
from local.stop_request import StopRequest
from shared.errors import REFUSED, StartError
from shared.settings import CHECKOUT, Settings


def main() -> int:
    """Install what the model asks for, if it does, and run that check; its exit code."""
    try:
        settings = Settings.from_environment()
        python = python_for(settings.model_dir, settings.data_dir, StopRequest())
        command = [python, "-m", "worker.checking", *sys.argv[1:]]
        return subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
