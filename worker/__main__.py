"""Start a worker: `python -m worker`."""

from __future__ import annotations

import gc
import sys
from functools import partial

from shared.data_folder import make_data_folder
from shared.errors import REFUSED, StartError
from shared.logs import configure
from shared.queue.start_check import refuse_useless_redis
from shared.settings import Settings, share_cores
from worker.model.artifacts import refuse_missing


def main() -> int:
    """Run until told to stop; `REFUSED` with one line when this cannot start as it is set up."""
    try:
        settings = Settings.from_environment()
        configure("worker", settings.log_level, settings.secrets)
        refuse_useless_redis(settings)
        if settings.on_sqlite:
            make_data_folder(settings.data_dir)
        refuse_missing(settings.model_dir)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    threads = share_cores(settings.worker_processes)
    # Late, so that a bad setting is reported without loading scikit-learn first.
    from worker.generations.worker_process import WorkerProcess
    from worker.serving import new_worker_name, serve, tell_of_reload

    name = new_worker_name()
    process = WorkerProcess(
        partial(serve, name, settings, threads), partial(tell_of_reload, name, settings)
    )
    # What is in memory now stays there. If the garbage collector looked at it again, it would
    # write to its pages, and generations would no longer share them.
    gc.collect()
    gc.freeze()
    return process.run()


if __name__ == "__main__":
    sys.exit(main())
