"""Calls to other services, with timeouts, retries, limits of concurrency and size, and a circuit breaker."""

from .answers import Answer
from .client import UpstreamClient
from .credentials import Credentials
from .options import PathValues, QueryParameters, QueryValue

__all__ = ["Answer", "Credentials", "PathValues", "QueryParameters", "QueryValue", "UpstreamClient"]
