"""Set up OpenTelemetry's SDK. Its import is slow, so this module is loaded only if telemetry is on."""

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from uuid import uuid4

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from chassis.identity import Identity
from chassis.measurements import Measurement

from .sending import CollectorSession

Stop = Callable[[], object]

logger = logging.getLogger(__name__)


def start_traces(identity: Identity) -> Stop:
    """Start a thread that sends spans in batches, and return the function that stops it."""
    # OpenTelemetry's default sampler records everything and ignores the argument.
    if os.environ.get("OTEL_TRACES_SAMPLER_ARG"):
        os.environ.setdefault("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    provider = TracerProvider(resource=_resource(identity), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(session=_session())))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def start_metrics(identity: Identity, measurements: Iterable[Measurement]) -> Stop:
    """Start a thread that sends metrics regularly, and return the function that sends once more and stops it."""
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(session=_session()))
    provider = MeterProvider([reader], resource=_resource(identity), shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    _observe(provider.get_meter("chassis"), measurements)
    return provider.shutdown


def _session() -> CollectorSession | None:
    """Return the session to send with, or None if a variable configures another one."""
    is_said = any(name.startswith("OTEL_PYTHON_") and name.endswith("_CREDENTIAL_PROVIDER") for name in os.environ)
    return None if is_said else CollectorSession()


def _resource(identity: Identity) -> Resource:
    """Return the sender's resource. Each process has its own ID, so that their counts are not mixed up."""
    own = {"service.name": identity.name, "service.version": identity.version, "service.instance.id": str(_INSTANCE)}
    return Resource.create(Resource(own).merge(OTELResourceDetector().detect()).attributes)


_INSTANCE = uuid4()


def _observe(meter: Meter, measurements: Iterable[Measurement]) -> None:
    """Create one instrument per name, since the SDK would use only the first callback."""
    by_name: dict[str, list[Measurement]] = defaultdict(list)
    for each in measurements:
        by_name[each.name].append(each)
    creators = {
        "gauge": meter.create_observable_gauge,
        "sum": meter.create_observable_up_down_counter,
        "total": meter.create_observable_counter,
    }
    for name, alike in by_name.items():
        first = alike[0]
        creators[first.kind](name, callbacks=[_callback(alike)], unit=first.unit, description=first.description)


def _callback(alike: list[Measurement]) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def read(_: CallbackOptions) -> Iterator[Observation]:
        for each in alike:
            for value, attributes in each.read():
                yield Observation(value, attributes)

    return read
