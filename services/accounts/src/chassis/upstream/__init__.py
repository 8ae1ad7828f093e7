"""Calls to other services: bounded in time, attempts, concurrency and size, behind a circuit breaker."""

from .answers import Answer
from .client import UpstreamClient
from .credentials import Credentials
from .options import PathValues, QueryParameters, QueryValue

__all__ = ["Answer", "Credentials", "PathValues", "QueryParameters", "QueryValue", "UpstreamClient"]
