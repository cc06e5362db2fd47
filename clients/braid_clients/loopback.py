"""Environments in which no proxy stands before loopback."""

from __future__ import annotations

from collections.abc import Mapping

_HERE = ("127.0.0.1", "localhost")


def without_proxy_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment and let its proxies, if any, not stand before loopback."""
    # Programs differ in which spelling they read first, so both say the same.
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if known.strip() == "*":
        return dict(environment)
    names = [name.strip() for name in known.split(",") if name.strip()]
    merged = ",".join([*names, *(host for host in _HERE if host not in names)])
    return {**environment, "NO_PROXY": merged, "no_proxy": merged}
