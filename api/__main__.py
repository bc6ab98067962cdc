"""Start a gateway: `python -m api`."""

from __future__ import annotations

import logging
import signal
import socket
import sys

from api.app import create_app
from api.server.server import serve
from shared.errors import REFUSED, BrokerAwayError, StartError
from shared.logs import configure
from shared.queue.broker import Broker, make_redis, refuses_login
from shared.settings import Settings

log = logging.getLogger(__name__)


def main() -> int:
    """Run until told to stop; `REFUSED` with one line when this cannot start as it is set up."""
    # Until the server listens to signals there is nothing to finish, and no traceback to show.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        settings = Settings.from_environment()
        configure("gateway", settings.log_level, settings.secrets)
        check(settings)
        application = create_app(settings)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    if settings.open_to_the_network:
        log.warning("HOST is %s and no API_KEY is set: open to the network", settings.host)
    serve(application, settings)
    return 0


def check(settings: Settings) -> None:
    """See that this gateway can start; a server that does not answer yet is no reason not to.

    Raises:
        StartError: Redis refuses the login, or the port is taken.
    """
    if not settings.redis_url:
        raise StartError("REDIS_URL is not set; `make run` starts an embedded Redis")
    refuse_taken_port(settings)
    try:
        Broker(make_redis(settings, 1.0)).ping()
    except BrokerAwayError as error:
        if refuses_login(error):
            raise StartError(f"REDIS_URL: Redis refuses the login: {error.__cause__}") from error
    if settings.on_sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True)


def refuse_taken_port(settings: Settings) -> None:
    """See that the port is free.

    Raises:
        StartError: it is taken, or the address is not one of this machine's.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise StartError(
            f"HOST is {settings.host!r} and PORT is {settings.port}, which cannot be listened on: "
            f"{error.strerror or error}"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
