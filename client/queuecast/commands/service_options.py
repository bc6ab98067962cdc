"""The options of every command that asks a running service."""

from __future__ import annotations

import functools
from typing import Any, Callable

import click

from queuecast.service import Service

Command = Callable[..., Any]


def asks_a_service(command: Command) -> Command:
    """Give a command `--url` and `--api-key`, and call it with the service as its first
    argument."""

    @click.option(
        "--url",
        envvar="QUEUECAST_URL",
        default="http://127.0.0.1:5000",
        show_default=True,
        show_envvar=True,
        help="Where the service is.",
    )
    @click.option(
        "--api-key",
        envvar="QUEUECAST_API_KEY",
        show_envvar=True,
        help="Its API key, if it asks for one.",
    )
    @functools.wraps(command)
    def asking(*arguments: Any, url: str, api_key: str | None, **options: Any) -> Any:
        return command(Service(url, api_key), *arguments, **options)

    return asking
