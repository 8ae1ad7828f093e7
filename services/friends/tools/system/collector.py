"""A small OTLP collector: receives what services and gateway send, and keeps their spans in a file."""

import gzip
import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it has no types
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from processes.ports import HOST
from system.spans_file import add_spans

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
MOST_BYTES = 16 * 1024 * 1024  # of one message

Point = tuple[str, str, str]
"""A service, one of its metrics, and the attributes of a value."""


class Collector:
    """Listens on a free local port while it is entered; `variables` make others send to it."""

    def __init__(self, spans: Path) -> None:
        """`spans`: the file; its folder may be missing until the first span arrives."""
        self.spans = spans
        self.values: dict[Point, float] = {}
        """The latest value of each metric; of a histogram, its count."""
        self._mutex = threading.Lock()
        self._server = ThreadingHTTPServer((HOST, 0), partial(_Handler, self))
        self._server.daemon_threads = True

    @property
    def variables(self) -> dict[str, str]:
        """OpenTelemetry's environment variables, with short export intervals."""
        return {
            ENDPOINT: f"http://{HOST}:{self._server.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="collector", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        """Keep the content of a message; raises `ValueError` for another path."""
        if path == "/v1/traces":
            spans = list(_spans_in(ExportTraceServiceRequest.FromString(body)))
            with self._mutex:
                add_spans(self.spans, spans)
        elif path == "/v1/metrics":
            values = dict(_values_in(ExportMetricsServiceRequest.FromString(body)))
            with self._mutex:
                self.values |= values
        else:
            raise ValueError(path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, collector: Collector, *connection: Any) -> None:
        self._collector = collector
        super().__init__(*connection)

    def do_POST(self) -> None:
        try:
            body = b"".join(self._parts())
            compressed = self.headers.get("Content-Encoding") == "gzip"
            self._collector.take(self.path, _unpacked(body) if compressed else body)
        except (ValueError, OSError, EOFError, zlib.error, DecodeError):
            self.close_connection = True
            self._answer(HTTPStatus.BAD_REQUEST)
        else:
            self._answer(HTTPStatus.OK)

    def _parts(self) -> Iterator[bytes]:
        """Yield the body: in chunks, as Traefik sends it, or with a Content-Length."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self._read(int(self.headers.get("Content-Length", "0")))
            return
        left = MOST_BYTES
        while size := int(self.rfile.readline(20), 16):
            yield self._read(size, left)
            left -= size
            self.rfile.readline(2)
        self.rfile.readline(2)

    def _read(self, size: int, most: int = MOST_BYTES) -> bytes:
        if not 0 <= size <= most:
            raise ValueError(size)
        return self.rfile.read(size)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _unpacked(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(body)) as file:
        unpacked = file.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise ValueError("the message is too long")
    return unpacked


def _spans_in(sent: ExportTraceServiceRequest) -> Iterator[dict[str, Any]]:
    for group in sent.resource_spans:
        service = _attributes(group.resource.attributes).get("service.name", "?")
        for scope in group.scope_spans:
            for span in scope.spans:
                yield {
                    "service": service,
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
                    "trace_id": span.trace_id.hex(),
                    "span_id": span.span_id.hex(),
                    "parent_id": span.parent_span_id.hex(),
                    "start": datetime.fromtimestamp(span.start_time_unix_nano / 1e9, UTC).isoformat(),
                    "duration_ms": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
                    "failed": span.status.code == Status.StatusCode.STATUS_CODE_ERROR,
                    "attributes": _attributes(span.attributes),
                    "links": [[link.trace_id.hex(), link.span_id.hex()] for link in span.links],
                }


def _values_in(sent: ExportMetricsServiceRequest) -> Iterator[tuple[Point, float]]:
    for group in sent.resource_metrics:
        service = str(_attributes(group.resource.attributes).get("service.name", "?"))
        for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points if kind else ():
                about = json.dumps(_attributes(point.attributes), sort_keys=True)
                value = getattr(point, "count", None) or getattr(point, "as_double", 0) or getattr(point, "as_int", 0)
                yield (service, metric.name, about), float(value or 0)


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {each.key: _plain(each.value) for each in attributes}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever protobuf has
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind in {"string_value", "bool_value", "int_value", "double_value"} else None
