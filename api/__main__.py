"""Start a gateway: `python -m api`."""

from __future__ import annotations

import logging
import signal
import sys

from api.app import create_app
from api.server.server import serve
from shared.address import listening_address, refuse_taken_port
from shared.data_folder import make_data_folder
from shared.errors import REFUSED, StartError
from shared.logs import configure
from shared.queue.start_check import refuse_useless_redis
from shared.settings import Settings

log = logging.getLogger(__name__)


def main() -> int:
    """Run until told to stop; `REFUSED` with one line when this cannot start as it is set up."""
    # Until the server has its own handlers there is nothing to finish, so Ctrl-C may end this
    # process at once and without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        settings = Settings.from_environment()
        configure("gateway", settings.log_level, settings.secrets)
        check(settings)
        address = listening_address(settings.host, settings.port)
        application = create_app(settings)
        if settings.open_to_the_network:
            log.warning("HOST is %s and no API_KEY is set: open to the network", settings.host)
        serve(application, settings, address)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    return 0


def check(settings: Settings) -> None:
    """See that this gateway can start; a server that does not answer yet is no reason not to.

    Raises:
        StartError: REDIS_URL is not set, Redis refuses what is needed, the port is taken, HOST is
            no address of this machine, or DATA_DIR cannot be used.
    """
    refuse_taken_port(settings.host, settings.port)
    refuse_useless_redis(settings)
    if settings.on_sqlite:
        make_data_folder(settings.data_dir)


if __name__ == "__main__":
    sys.exit(main())
