"""A running service, asked by HTTP."""

from __future__ import annotations

import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from queuecast.errors import ServiceError

# In seconds; longer than a service lets a request wait.
TIMEOUT = 60.0


@dataclass(frozen=True)
class ServiceAnswer:
    """The status, the JSON of the body, and where to ask for more, if it says so."""

    status: int
    body: dict[str, Any]
    location: str | None


class Service:
    """The service at a URL, such as `http://127.0.0.1:5000`."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServiceError(f"{url!r} is no URL of a service, such as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # A proxy cannot reach this machine's loopback.
        proxies = urllib.request.ProxyHandler({} if _is_loopback(parts.hostname) else None)
        self._opener = urllib.request.build_opener(proxies)

    def ask(self, method: str, path: str) -> ServiceAnswer:
        """Send a request without a body.

        Raises:
            ServiceError: nothing answers there, or what answers is no such service.
        """
        url = self.url + path  # whose scheme was looked at
        request = urllib.request.Request(url, headers=self._headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return _read(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error.headers, error.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceError(f"{self.url} does not answer: {reason}") from error
        except ValueError as error:
            raise ServiceError(f"{self.url} is no Queuecast service: {error}") from error


def refuse(answer: ServiceAnswer) -> None:
    """See that an answer is no error.

    Raises:
        ServiceError: it is, with what the service says.
    """
    if answer.status >= 400:
        said = answer.body.get("error")
        raise ServiceError(str(said) if said else f"the service answered {answer.status}")


def _read(status: int, headers: Any, body: bytes) -> ServiceAnswer:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("its answer is no JSON object")
    return ServiceAnswer(status, found, headers.get("Location"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
