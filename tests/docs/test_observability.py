"""The page of observability lists every metric that the code has, and no other, with its unit."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from layout import ROOT

PAGE = ROOT / "docs/observability.md"
CREATORS = {"create_histogram", "create_counter", "create_up_down_counter", "create_gauge"}


def test_the_page_names_each_metric_with_its_unit() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Metrics")[2]
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (\S+) \|", section, re.MULTILINE))
    sources = [*(ROOT / "template/src/chassis").rglob("*.py"), *(ROOT / "services").glob("*/src/*_service/**/*.py")]
    assert rows == dict(metric for source in sources for metric in metrics_in(source))


def metrics_in(source: Path) -> Iterator[tuple[str, str]]:
    """The names of the metrics that a module makes, and their units."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
        if function == "Measurement":
            yield str(given["name"]), str(given["unit"])
        elif function in CREATORS and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value), str(given["unit"])
