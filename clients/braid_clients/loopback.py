"""Loopback: which hosts are this machine, and environments in which no proxy stands before it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

_HERE = ("127.0.0.1", "localhost")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine and nobody else's."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def without_proxy_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment and let its proxies, if any, not stand before loopback."""
    # Programs differ in which spelling they read first, so both say the same.
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if known.strip() == "*":
        return dict(environment)
    names = [name.strip() for name in known.split(",") if name.strip()]
    merged = ",".join([*names, *(host for host in _HERE if host not in names)])
    return {**environment, "NO_PROXY": merged, "no_proxy": merged}
