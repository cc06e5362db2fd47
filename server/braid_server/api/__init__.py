"""The control API under `/braid/v1`, health and keys; not on the relay's hot path."""

from braid_server.api.app import build_api

__all__ = ["build_api"]
