"""The way to the API as the environment names it: a proxy, and the certificates that are trusted.

The variables are those that curl and requests read.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from tap_ayrshare.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables that name trusted certificates, in their order."""
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy.

    url: its URL, with a user and a password if it has them; variable: what names it; address: host and port.
    """

    url: str
    variable: str
    address: str
    password: str = ""


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a URL, None for the direct way.

    Raises:
        SettingsError: the environment names a proxy that can't be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or _is_bypassed(host, parts.port or PORTS.get(parts.scheme, 0), environment):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if variable in environment:
                value = environment[variable].strip()
                # An empty one in lower case is how a proxy is switched off for a single command.
                return _proxy(value, variable) if value else None
    of_system = getproxies().get(parts.scheme, "")
    return _proxy(of_system, "the proxy settings of this system") if of_system else None


def _proxy(value: str, variable: str) -> Proxy:
    url = value if "://" in value else f"http://{value}"
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise SettingsError(f"{variable}: must be the URL of a proxy, such as http://proxy.example.com:3128")
    address = f"{host}:{port or PORTS.get(parts.scheme, 1080)}"
    if parts.scheme not in PORTS:
        what = "a SOCKS proxy" if parts.scheme.startswith("socks") else f"a proxy of the type {parts.scheme[:20]!r}"
        raise SettingsError(f"{variable}: names {what} ({address}), which can't be used; name an HTTP proxy")
    return Proxy(url, variable, address, parts.password or "")


def _is_bypassed(host: str, port: int, environment: Mapping[str, str]) -> bool:
    """Return whether NO_PROXY names a host: as itself, by a domain above it, by its address or by its port."""
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return any(_names(entry.strip().lower(), host.lower(), port) for entry in listed.split(",") if entry.strip())


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        name = entry.removesuffix(f":{port}").removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))


def trusted(environment: Mapping[str, str]) -> tuple[ssl.SSLContext | None, str]:
    """Return how certificates are checked, None for as usual, and the variable that says so, "" for none.

    Raises:
        SettingsError: a variable names certificates that can't be read.
    """
    for variable in CERTIFICATES:
        if path := environment.get(variable, "").strip():
            return _certificates(variable, path), f"{variable}={path}"
    return None, ""


@lru_cache(maxsize=8)
def _certificates(variable: str, path: str) -> ssl.SSLContext:
    is_directory = Path(path).is_dir()
    try:
        return ssl.create_default_context(cafile=None if is_directory else path, capath=path if is_directory else None)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"{variable}: can't read certificates from {path}: {why}") from None


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
