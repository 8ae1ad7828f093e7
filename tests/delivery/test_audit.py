import os
from pathlib import Path

import pytest

from dependencies import audit


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    (tmp_path / "tools/dependencies").mkdir(parents=True)
    (tmp_path / "requirements-dev.txt").write_text("# By nox\none==1 ; os_name == 'nt' \\\n    --hash=x\n", "utf-8")
    (tmp_path / "tools/noxw-requirements.txt").write_text("nox==2\n", "utf-8")
    (tmp_path / "tools/dependencies/nox-requirements.txt").write_text("uv==3\n", "utf-8")
    return tmp_path


def uv(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a stand-in for uv on the PATH, because the real one queries a database on the internet."""
    program = folder / "uv"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_audits_every_pin_with_its_marker(
    locked: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    uv(locked, monkeypatch, 'echo "$@"; cat pyproject.toml')
    assert audit.audit(locked, ["--ignore", "X"]) == 0
    printed = capfd.readouterr().out
    assert "audit --preview-features audit-command --ignore X" in printed
    assert """dependencies = ["nox==2", "one==1 ; os_name == 'nt'", "uv==3"]""" in printed


def test_fails_and_shows_a_vulnerability(
    locked: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    uv(locked, monkeypatch, 'echo "one is bad"; exit 1')
    assert audit.audit(locked, []) == 1
    assert capfd.readouterr().out == "one is bad\n"


def test_fails_with_one_sentence_if_the_database_is_unreachable(
    locked: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    uv(locked, monkeypatch, "printf 'Using Python\\nerror: Request failed\\n  cause: no route\\n' >&2; exit 2")
    assert audit.audit(locked, []) == audit.FAILED
    assert capfd.readouterr().err == "Nothing was audited, as uv failed: Request failed; no route.\n"
