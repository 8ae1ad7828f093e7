"""The metrics in docs/observability.md, the dashboard and the alerts match the code."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from layout import ROOT

PAGE = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((ROOT / "observability/alerts.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((ROOT / "observability/dashboard.json").read_text(encoding="utf-8"))
KINDS = {"create_histogram": "histogram", "create_counter": "total", "create_up_down_counter": "sum", "Measurement": ""}
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "total": ("_total",), "sum": ("",), "gauge": ("",)}
OF_PROMETHEUS = {"job", "instance", "le"}


@dataclass(frozen=True, kw_only=True)
class Metric:
    name: str
    unit: str
    kind: str

    @property
    def in_prometheus(self) -> set[str]:
        """Return its names in Prometheus: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics."""
        name = self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "")
        return {f"{name}{suffix}" for suffix in SUFFIXES[self.kind]}


def metrics_of_the_code() -> set[Metric]:
    sources = [*(ROOT / "template/src/chassis").rglob("*.py"), *(ROOT / "services").glob("*/src/*_service/**/*.py")]
    return {metric for source in sources for metric in metrics_in(source)}


def metrics_in(source: Path) -> Iterator[Metric]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given: dict[str | None, Any] = {
            word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)
        }
        if node.args and isinstance(node.args[0], ast.Constant):
            given["name"] = node.args[0].value
        if function in KINDS and "name" in given:
            yield Metric(name=given["name"], unit=given["unit"], kind=KINDS[function] or given.get("kind", "gauge"))


METRICS = metrics_of_the_code()
EXPRESSIONS = {
    **{f"alert {rule['alert']}": rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]},
    **{
        f"panel {panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    },
}


def documented(heading: str) -> dict[str, str]:
    """Return the rows of the table below a heading: the first cell, and the rest."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)`[^|]*\| (.*) \|$", section, re.MULTILINE))


def test_page_lists_each_metric_with_its_unit() -> None:
    units = {name: row.partition(" | ")[0] for name, row in documented("Metrics").items()}
    assert units == {metric.name: metric.unit for metric in METRICS}


@pytest.mark.parametrize("expression", [pytest.param(each, id=name) for name, each in EXPRESSIONS.items()])
def test_queries_use_existing_metrics_and_attributes(expression: str) -> None:
    """Metrics in the code, with the attributes that the page lists."""
    attributes = set(re.findall(r"`([a-z_.]+)`", PAGE))
    labels = {attribute.replace(".", "_") for attribute in attributes} | OF_PROMETHEUS
    parsed = promql_parser.parse(expression.replace("$__rate_interval", "1m"))
    names: set[str] = set()
    used: set[str] = set()

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            names.add(str(node.name))
            used.update(matcher.name for matcher in node.matchers.matchers)
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            used.update(node.modifier.labels)
        return True

    promql_parser.walk(parsed, visit)
    assert names
    assert names <= {name for metric in METRICS for name in metric.in_prometheus}
    assert used <= labels


def test_each_alert_links_to_a_recipe_and_is_documented() -> None:
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", operations, re.MULTILINE)
    }
    rows = documented("Alerts")
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert rows.keys() == {rule["alert"] for rule in rules}
    for rule in rules:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert anchor in anchors
        assert f"(operations.md#{anchor})" in rows[rule["alert"]]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_each_metric_is_on_the_dashboard_or_excluded() -> None:
    shown = " ".join(EXPRESSIONS.values())
    assert {metric.name for metric in METRICS if not any(name in shown for name in metric.in_prometheus)} == {
        "cpython.gc.collections"
    }
