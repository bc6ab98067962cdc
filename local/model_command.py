"""Runs a command about a model with the libraries that the model is served with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.model_environment import python_for
from local.stop_request import StopRequest
from shared.errors import REFUSED, StartError
from shared.settings import CHECKOUT, Settings

# Where a candidate's libraries are installed: beside those of the model that is served, which are
# taken away when another model is looked at.
_CANDIDATE = "candidate"


def run_for_model(module: str, arguments: Sequence[str], candidate: Path | None = None) -> int:
    """Install what the model asks for, if it does, and run the module; its exit code. The model is
    that of `MODEL_DIR`, or a candidate's in another folder."""
    try:
        settings = Settings.from_environment()
        folder, data_dir = settings.model_dir, settings.data_dir
        if candidate is not None:
            folder, data_dir = candidate, data_dir / _CANDIDATE
        python = python_for(folder, data_dir, StopRequest())
        command = [python, "-m", module, *arguments]
        return subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    except KeyboardInterrupt:
        return 130
