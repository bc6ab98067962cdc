"""The options of every command that asks a running service."""

from __future__ import annotations

import functools
from typing import Any, Callable

import click

from queuecast.client import API_KEY, DEFAULT_URL, URL, Client
from queuecast.errors import SettingError

Command = Callable[..., Any]

# Who types a command waits for it: after about two seconds of no connection it says so.
RETRIES = 3

as_json = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


def asks_a_service(command: Command) -> Command:
    """Give a command `--url` and `--api-key`, and call it with a client as its first argument."""

    @click.option("--url", help=f"Where the service is.  [default: {URL}, else {DEFAULT_URL}]")
    @click.option("--api-key", help=f"Its API key, if it asks for one.  [default: {API_KEY}]")
    @functools.wraps(command)
    def asking(*arguments: Any, url: str | None, api_key: str | None, **options: Any) -> Any:
        try:
            client = Client(url, api_key, retries=RETRIES)
        except SettingError as error:
            raise click.UsageError(str(error)) from error
        with client:
            return command(client, *arguments, **options)

    return asking
