"""Traces and metrics, sent by OTLP to where `OTEL_EXPORTER_OTLP_ENDPOINT` says; without it nothing of this is loaded.

What is recorded is said where it happens, with OpenTelemetry's API: requests in `requests`, calls in `upstream`, visits
in `database`. `export` has it sent and `sending` sends it, `process` measures the process, `trouble` says what goes
wrong.
"""

from .export import Telemetry
from .requests import RecordedRequestMiddleware, RequestObserver

__all__ = ["RecordedRequestMiddleware", "RequestObserver", "Telemetry"]
