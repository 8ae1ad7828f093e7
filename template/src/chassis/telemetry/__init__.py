"""Traces and metrics, sent by OTLP to `OTEL_EXPORTER_OTLP_ENDPOINT`. Without it, OpenTelemetry's SDK is not loaded.

The parts that are observed use OpenTelemetry's API: `requests` here, `upstream` and `database`. `export` starts the
SDK, `sending` sends, `process` measures the process, and `trouble` reports errors of OpenTelemetry.
"""

from .export import Telemetry
from .requests import RecordedRequestMiddleware, RequestObserver

__all__ = ["RecordedRequestMiddleware", "RequestObserver", "Telemetry"]
