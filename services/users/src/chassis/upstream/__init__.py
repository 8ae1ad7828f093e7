"""Calls to other services: bounded in time, attempts, concurrency and size, behind a circuit breaker."""

from .client import QueryParameters, UpstreamClient

__all__ = ["QueryParameters", "UpstreamClient"]
