"""The parser of requests, and why it refuses what it does."""

from __future__ import annotations

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpRequestParser

from api.http.heads import RefusedHeadError

CUT_OFF = 400, "the connection was ended before the request was whole"
_NOT_HTTP = 400, "this is no HTTP/1.1 request that could be understood"
_UNKNOWN_METHOD = 400, "there is no method of this name"


def new_parser(connection: object) -> HttpRequestParser:
    """A parser that calls this connection, set up as uvicorn sets up the first."""
    parser = HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def reason(error: HttpParserError) -> tuple[int, str]:
    """The status and the text for what the parser refuses. For what is raised while it calls us, it
    raises an error of its own."""
    if isinstance(error.__context__, RefusedHeadError):
        return error.__context__.status, error.__context__.error
    return _UNKNOWN_METHOD if isinstance(error, HttpParserInvalidMethodError) else _NOT_HTTP
