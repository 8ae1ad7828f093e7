"""Calls to other services: bounded in time, attempts, concurrency and size, behind a circuit breaker."""

from .answers import Answer
from .client import UpstreamClient
from .options import PathValues, QueryParameters, QueryValue

__all__ = ["Answer", "PathValues", "QueryParameters", "QueryValue", "UpstreamClient"]
