"""`make check`: `worker.checking` with the libraries that the model is served with."""

from __future__ import annotations

import sys

from local.model_command import run_for_model

if __name__ == "__main__":
    sys.exit(run_for_model("worker.checking", sys.argv[1:]))
