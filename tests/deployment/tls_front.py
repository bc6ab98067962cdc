"""TLS in front of a Redis that has none: `python tls_front.py FOLDER PORT REDIS_PORT`."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


async def serve(folder: Path, port: int, redis_port: int) -> None:
    """Decrypt what comes to `port` and pass it on to `redis_port`, for ever."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", redis_port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(serve_one, "127.0.0.1", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
