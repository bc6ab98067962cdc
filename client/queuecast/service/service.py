"""Requests to a service: sent again when it makes sense, on connections that are kept."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

import urllib3

from queuecast.errors import (
    RefusedError,
    ServiceError,
    UnavailableError,
    UnknownOutcomeError,
    UnreachableError,
)
from queuecast.service.address import checked_url, connections, key_header
from queuecast.service.retries import AGAIN, Retries, seconds_of

T = TypeVar("T")

# Connections that are kept, for as many threads.
KEPT = 16


@dataclass(frozen=True)
class ServiceAnswer:
    """The status, and the object of the body; of an array, its `items`."""

    status: int
    body: dict[str, Any]
    retry_after: float | None = None

    @property
    def error(self) -> str:
        """What the service says of it."""
        return str(self.body.get("error") or f"the service answered {self.status}")


class Service:
    """The service at a URL, such as `http://127.0.0.1:5000`. May be used by several threads.

    `timeout` is for how long it may be silent, in seconds.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = checked_url(url)
        self.retries = retries or Retries()
        self.timeout = timeout
        self.sleep = sleep
        self._headers = key_header(api_key)
        self._connections = connections(self.url, KEPT)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        takes: Sequence[int] = (),
        again: bool = True,
    ) -> ServiceAnswer:
        """Send a request, and again while the service cannot be reached or says that it cannot do
        it now. Of these and of other errors the statuses in `takes` are answers like any other; so
        is one that names a job, since it is the job that is to be asked. Without `again` it is
        sent once.

        Raises:
            RefusedError: the service will not do it.
            UnavailableError, UnknownOutcomeError, UnreachableError: after the last try.
        """

        def once() -> ServiceAnswer:
            found = self._read(self._send(method, path, body, headers))
            if found.status < 400 or found.status in takes or "job_id" in found.body:
                return found
            raise _error(found)

        return self._again(once) if again else once()

    def stream(self, path: str) -> urllib3.BaseHTTPResponse:
        """The body of a GET that is answered 200, to be read as it comes, and then released.

        Raises:
            RefusedError, UnavailableError, UnknownOutcomeError, UnreachableError: it is not.
        """

        def once() -> urllib3.BaseHTTPResponse:
            response = self._send("GET", path, None, None)
            if response.status == 200:
                return response
            raise _error(self._read(response))

        return self._again(once)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.clear()

    def _again(self, once: Callable[[], T]) -> T:
        """What this returns, when it does; it is called again after what may be well soon."""
        tried = 0
        while True:
            tried += 1
            try:
                return once()
            except (UnreachableError, UnavailableError, UnknownOutcomeError) as error:
                pause = self.retries.pause(tried, error.retry_after)
                if pause is None:
                    raise
            self.sleep(pause)

    def _read(self, response: urllib3.BaseHTTPResponse) -> ServiceAnswer:
        try:
            return _answer(self.url, response, response.read())
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            response.release_conn()

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"{self.url} does not answer: {_reason(error)}")

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._connections.request(
                method,
                self.url + path,
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=urllib3.Timeout(connect=min(10.0, self.timeout), read=self.timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.SSLError as error:
            # The next try would find the same certificate.
            raise ServiceError(f"{self.url} cannot be trusted: {_reason(error)}") from error
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error


def _error(found: ServiceAnswer) -> ServiceError:
    if found.status not in AGAIN:
        kind = RefusedError if found.status < 500 else ServiceError
    else:
        kind = UnknownOutcomeError if found.status == 504 else UnavailableError
    return kind(found.error, found.status, found.retry_after)


def _answer(url: str, response: urllib3.BaseHTTPResponse, text: bytes) -> ServiceAnswer:
    retry_after = seconds_of(response.headers.get("Retry-After"))
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, list):
        body = {"items": body}
    if isinstance(body, dict):
        return ServiceAnswer(response.status, body, retry_after)
    # A proxy has pages of its own for a service that is away.
    if response.status in AGAIN:
        return ServiceAnswer(response.status, {}, retry_after)
    raise ServiceError(
        f"{url} is no Queuecast service: it answered {response.status} with what is no JSON object",
        response.status,
    )


def _reason(error: Exception) -> str:
    """Without the object that urllib3 puts in front of most of its messages."""
    text = str(error)
    return text.split(": ", 1)[1] if text.startswith(("<", "HTTP")) and ": " in text else text
