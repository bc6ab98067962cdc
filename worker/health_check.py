"""Whether a worker of this machine has loaded its model, as an exit code:
`python -m worker.health_check`."""

from __future__ import annotations

import socket
import sys

from shared.db.deployment import namespace
from shared.db.engine import connect
from shared.errors import QueuecastError
from shared.queue.broker import Broker, make_redis
from shared.queue.names import Names
from shared.settings import Settings

# In seconds, for the database and for Redis each.
WAIT = 3.0


def main() -> int:
    """0 when one gives a sign of life, 1 with one line when none does or nobody can be asked."""
    try:
        settings = Settings.from_environment()
        database = connect(settings.database_url, connections=1, wait=WAIT)
        names = Names(database.read(namespace))
        workers = Broker(make_redis(settings, WAIT), names).workers()
    except QueuecastError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return 1
    mine = socket.gethostname() + "-"
    if any(worker.name.startswith(mine) for worker in workers):
        return 0
    sys.stderr.write("queuecast: no worker of this machine has loaded its model\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
