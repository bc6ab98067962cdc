"""`queuecast`: the commands, and how each of them fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from queuecast.commands.enqueue import enqueue
from queuecast.commands.export import export
from queuecast.commands.job import job
from queuecast.commands.label import label
from queuecast.commands.model import model
from queuecast.commands.pack import pack
from queuecast.commands.predict import predict
from queuecast.commands.status import status
from queuecast.commands.update import update
from queuecast.errors import QueuecastError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="queuecast", message="%(version)s")
@click.pass_context
def queuecast(context: click.Context) -> None:
    """Use a Queuecast service, and make models ready for one.

    Errors are one line, on the standard error. Exit codes: 0 when all went well, 1 when it failed,
    2 for a wrong command line, 3 when some rows of a file were rejected, 130 when it was
    interrupted.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (predict, update, job, enqueue, label, export, status, model, pack):
    queuecast.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        result = queuecast.main(arguments, prog_name="queuecast", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "queuecast"
        _say(f"{error.format_message()} (see {where} --help)")
        return MISUSED
    except (QueuecastError, click.ClickException) as error:
        _say(error.format_message() if isinstance(error, click.ClickException) else str(error))
        return FAILED
    except BrokenPipeError:
        # Whoever reads has had enough, as `head` has. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    # What click itself asks to exit with, after --help for one.
    return result if isinstance(result, int) else 0


def _say(message: str) -> None:
    sys.stderr.write(f"queuecast: {' '.join(message.split())}\n")
