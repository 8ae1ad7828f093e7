"""The collector of `serve`: what it accepts, keeps and refuses."""

import gzip
import http.client
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import system.collector
from system import spans_file
from system.collector import ENDPOINT, MOST_BYTES, Collector
from system.spans_file import add_spans, read_spans

from .telemetry import sent_span, sent_value, span


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    with Collector(tmp_path / "spans.log") as collector:
        yield collector


def post(collector: Collector, path: str, body: bytes, headers: Mapping[str, str] = {}) -> int:
    connection = http.client.HTTPConnection(urlsplit(collector.variables[ENDPOINT]).netloc, timeout=60)
    chunked = "Transfer-Encoding" in headers
    connection.request("POST", path, iter([body[:5], body[5:]]) if chunked else body, headers, encode_chunked=chunked)
    status = connection.getresponse().status
    connection.close()
    return status


def test_keeps_spans_in_each_encoding(collector: Collector) -> None:
    assert post(collector, "/v1/traces", sent_span("plain")) == 200
    packed = gzip.compress(sent_span("packed"))
    assert post(collector, "/v1/traces", packed, {"Content-Encoding": "gzip"}) == 200
    assert post(collector, "/v1/traces", sent_span("in chunks"), {"Transfer-Encoding": "chunked"}) == 200
    spans = list(read_spans(collector.spans))
    assert [each["name"] for each in spans] == ["plain", "packed", "in chunks"]
    assert (spans[0]["service"], spans[0]["duration_ms"]) == ("users", 2.5)


def test_keeps_the_latest_value_of_a_metric(collector: Collector) -> None:
    for value in (3, 4):
        assert post(collector, "/v1/metrics", sent_value("chassis.queue.used", value)) == 200
    assert collector.values == {("users", "chassis.queue.used", "{}"): 4}


def test_refuses_malformed_data(collector: Collector) -> None:
    assert post(collector, "/v1/traces", b"nonsense") == 400
    assert post(collector, "/v1/logs", b"") == 400
    assert post(collector, "/v1/traces", b"", {"Content-Length": str(MOST_BYTES + 1)}) == 400
    assert post(collector, "/v1/traces", b"", {"Content-Length": "-1"}) == 400
    assert post(collector, "/v1/traces", sent_span("after")) == 200


def test_refuses_data_that_cannot_be_decompressed_or_is_too_long(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert post(collector, "/v1/traces", gzip.compress(b"", mtime=0)[:10] + b"nonsense" * 9, packed) == 400
    monkeypatch.setattr(system.collector, "MOST_BYTES", 100)
    assert post(collector, "/v1/traces", gzip.compress(sent_span("x" * 200)), packed) == 400
    chunked = {"Transfer-Encoding": "chunked"}
    assert post(collector, "/v1/traces", sent_span("x" * 97), chunked) == 400
    assert post(collector, "/v1/traces", sent_span("after")) == 200


def test_limits_the_file_of_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans_file, "MOST_BYTES", 1_000)
    for number in range(40):
        add_spans(tmp_path / "spans.log", [span(f"span {number}", f"{number}")])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 3_000
    assert [each["name"] for each in read_spans(tmp_path / "spans.log")][-1] == "span 39"
