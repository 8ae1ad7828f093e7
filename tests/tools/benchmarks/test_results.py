"""Which measurements are stored."""

from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Run the script with an empty results folder."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import run  # noqa: PLC0415 - it is found only now

    monkeypatch.setattr(run, "RESULTS", tmp_path)
    monkeypatch.setattr(run, "ratios", lambda *_: [])
    monkeypatch.setattr(run, "report", lambda *_: "the report")
    monkeypatch.setattr(run, "chart", lambda *_: "the chart")
    return run


@pytest.mark.parametrize(("mode", "kept"), [("quick", False), ("full", True)])
def test_prints_a_quick_measurement_without_storing_it(
    run: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mode: str,
    kept: bool,  # noqa: FBT001
) -> None:
    run._publish(mode, [], [])
    assert capsys.readouterr().out == "the report\n"
    assert {path.name.startswith("latest") for path in tmp_path.iterdir()} == ({True, False} if kept else set())
