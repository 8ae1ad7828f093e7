"""A collector that receives OTLP from services and returns it as plain values."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

PATIENCE: Final = 60


@dataclass(frozen=True, kw_only=True)
class ReceivedSpan:
    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    is_failed: bool
    attributes: dict[str, Any]
    links: list[tuple[str, str]]
    events: int


@dataclass(frozen=True, kw_only=True)
class ReceivedPoint:
    instance: str
    value: float
    attributes: dict[str, Any]


@dataclass
class Receiver:
    url: str = ""
    answer: Callable[[], Any] | None = None
    """Instead of accepting: a coroutine function that makes the answer."""
    spans: list[ReceivedSpan] = field(default_factory=list)
    metrics: dict[str, list[ReceivedPoint]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)
    raw: bytes = b""
    calls: int = 0

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.calls += 1
        if self.answer:
            answer: web.StreamResponse = await self.answer()
            return answer
        self.raw += body
        if request.path == "/v1/traces":
            self._take_spans(ExportTraceServiceRequest.FromString(body))
        else:
            assert request.path == "/v1/metrics"
            self._take_metrics(ExportMetricsServiceRequest.FromString(body))
        return web.Response(content_type="application/x-protobuf")

    def _take_spans(self, sent: ExportTraceServiceRequest) -> None:
        for group in sent.resource_spans:
            resource = _values(group.resource.attributes)
            self.resources.append(resource)
            for span in (span for scope in group.scope_spans for span in scope.spans):
                self.spans.append(
                    ReceivedSpan(
                        service=resource["service.name"],
                        name=span.name,
                        kind=span.kind,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        is_failed=span.status.code == span.status.STATUS_CODE_ERROR,
                        attributes=_values(span.attributes),
                        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                        events=len(span.events),
                    )
                )

    def _take_metrics(self, sent: ExportMetricsServiceRequest) -> None:
        for group in sent.resource_metrics:
            resource = _values(group.resource.attributes)
            self.resources.append(resource)
            for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
                kind = metric.WhichOneof("data")
                self.units[metric.name] = metric.unit
                self.metrics[metric.name] = [
                    ReceivedPoint(
                        instance=resource["service.instance.id"],
                        value=point.count if kind == "histogram" else point.as_double or point.as_int,
                        attributes=_values(point.attributes),
                    )
                    for point in getattr(metric, kind).data_points
                ] + [each for each in self.metrics.get(metric.name, []) if each.instance != _instance(resource)]

    async def spans_of(self, name: str, count: int = 1) -> list[ReceivedSpan]:
        """Return the spans with this name, once there are `count`."""
        await until(lambda: len(self._named(name)) >= count)
        return self._named(name)

    async def points(self, name: str, wanted: Callable[[list[ReceivedPoint]], object] = bool) -> list[ReceivedPoint]:
        """Return the current points of a metric, once they fulfil the condition."""
        await until(lambda: wanted(self.metrics.get(name, [])))
        return self.metrics[name]

    def _named(self, name: str) -> list[ReceivedSpan]:
        return [each for each in self.spans if each.name == name]


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - they are other processes
            await asyncio.sleep(0.05)


def _instance(resource: dict[str, Any]) -> str:
    return str(resource["service.instance.id"])


def _values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in attributes}


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.receive), handle_signals=False, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    receiver.url = "http://{}:{}".format(*runner.addresses[0])
    try:
        yield receiver
    finally:
        await runner.cleanup()
