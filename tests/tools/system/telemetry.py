"""Sample telemetry and logs of requests, for tools that read them."""

import json
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def access_line(**fields: Any) -> str:
    line = {
        "timestamp": START.isoformat(),
        "level": "INFO",
        "logger": "access",
        "message": "",
        "service": "users",
        "request_id": "request-of-ada",
        "trace_id": TRACE,
        "http.request.method": "GET",
        "http.route": "/api/v1/users/{user_id}",
        "url.path": "/api/v1/users/ada",
        "http.response.status_code": 200,
        "duration_ms": 12.5,
    }
    return json.dumps(line | fields) + "\n"


def span(
    name: str, span_id: str, parent_id: str = "", *, service: str = "users", after: float = 0, ms: float = 1
) -> dict[str, Any]:
    return {
        "service": service,
        "name": name,
        "trace_id": TRACE,
        "span_id": span_id,
        "parent_id": parent_id,
        "start": datetime.fromtimestamp(START.timestamp() + after / 1000, UTC).isoformat(),
        "duration_ms": ms,
        "failed": False,
        "attributes": {},
    }


def attribute(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def sent_span(name: str) -> bytes:
    sent = ExportTraceServiceRequest()
    group = sent.resource_spans.add()
    group.resource.attributes.append(attribute("service.name", "users"))
    added = group.scope_spans.add().spans.add()
    added.name, added.trace_id, added.span_id = name, bytes.fromhex(TRACE), b"12345678"
    added.start_time_unix_nano, added.end_time_unix_nano = 1_000_000_000, 1_002_500_000
    return bytes(sent.SerializeToString())


def sent_value(metric: str, value: int, **about: str) -> bytes:
    sent = ExportMetricsServiceRequest()
    group = sent.resource_metrics.add()
    group.resource.attributes.append(attribute("service.name", "users"))
    added = group.scope_metrics.add().metrics.add()
    added.name = metric
    point = added.gauge.data_points.add()
    point.as_int = value
    point.attributes.extend(attribute(key.replace("_", "."), each) for key, each in about.items())
    return bytes(sent.SerializeToString())
