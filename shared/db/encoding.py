"""What a database can keep as text: PostgreSQL's may have any of some forty encodings."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.extensions import encodings
from sqlalchemy import Connection

from shared.errors import WrongShapeError


@dataclass(frozen=True, slots=True)
class Encoding:
    """A database's encoding by its own name, and the codec of Python's that is the same; None when
    it holds every text."""

    name: str
    codec: str | None

    def check(self, what: str, text: str) -> None:
        """See that a text can be kept; `what` it is, for the message.

        Raises:
            WrongShapeError: it cannot.
        """
        if self.codec is None:
            return
        try:
            text.encode(self.codec)
        except UnicodeEncodeError as error:
            raise WrongShapeError(
                f"{what} holds {text[error.start]!r}, which cannot be kept in this database: its "
                f"encoding is {self.name}"
            ) from error


EVERYTHING = Encoding("UTF8", None)


def ask_encoding(connection: Connection) -> Encoding:
    """The database's encoding. The driver speaks to the server in it."""
    if connection.dialect.name == "sqlite":
        return EVERYTHING
    name = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
    # The driver could not have connected if it did not know the name.
    return EVERYTHING if name == EVERYTHING.name else Encoding(name, encodings.get(name, "ascii"))
