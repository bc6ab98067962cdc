"""Where a service is, and the way there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.util import make_headers, parse_url

from queuecast.errors import SettingError


def checked_url(url: str) -> str:
    """A service's URL without the slash at its end; it may have a path, behind a proxy say.

    Raises:
        SettingError: it is none.
    """
    said = f"{url!r} is no URL of a service, such as http://127.0.0.1:5000"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingError(said) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SettingError(said)
    if parts.query or parts.fragment or "@" in parts.netloc or not url.isascii() or " " in url:
        raise SettingError(f"{said}; a query, a password or a blank has no place in it")
    return url.rstrip("/")


def key_header(api_key: str | None) -> dict[str, str]:
    """The header that an API key is sent with.

    Raises:
        SettingError: no header can hold it.
    """
    if not api_key:
        return {}
    if not api_key.isascii() or not api_key.isprintable():
        raise SettingError(
            "the API key has letters that none can have: is it whole, and on one line?"
        )
    return {"Authorization": f"Bearer {api_key}"}


def connections(url: str, at_once: int) -> urllib3.PoolManager:
    """Connections that are kept, through the proxy that the environment names, if it names one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # A proxy cannot reach this machine's loopback.
    passes = _is_loopback(host) or proxy_bypass(host)
    proxy = None if passes else getproxies().get(parts.scheme)
    if not proxy:
        return urllib3.PoolManager(maxsize=at_once)
    headers = make_headers(proxy_basic_auth=parse_url(proxy).auth)
    return urllib3.ProxyManager(proxy, maxsize=at_once, proxy_headers=headers)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
