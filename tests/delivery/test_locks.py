import os
import re
from pathlib import Path

import pytest

from dependencies import lock
from layout import ROOT, git, services
from template import lock_all

# In two halves, so that this file does not contain what it forbids.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.deb" + "ian.org", "/opt" + "/pypi"]
INDEX = re.compile(r"^(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", re.MULTILINE)
PYPROJECT = """\
[project]
requires-python = ">=3.11"
dependencies = ["one>=1", "Two[x]>=2,<3; sys_platform != 'win32'"]
[dependency-groups]
dev = ["three>=3"]
"""
RUN_TIME = "one==1.5 \\\n    --hash=sha256:0\ntwo==2.1 ; sys_platform != 'win32' \\\n    --hash=sha256:0\n"


def registries_named(text: str) -> list[str]:
    return [host for host in HOSTS if host in text] + [match.group() for match in INDEX.finditer(text)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a service with matching locks."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    header = lock.header(tmp_path)
    (tmp_path / "requirements.txt").write_text(header + RUN_TIME, encoding="utf-8")
    (tmp_path / "requirements-dev.txt").write_text(header + RUN_TIME + "three==3.0\n", encoding="utf-8")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_no_tracked_file_names_a_registry() -> None:
    paths = [ROOT / name for name in git("ls-files", "-z", folder=ROOT).split("\0") if name]
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()}
    assert {path: named for path, text in texts.items() if (named := registries_named(text))} == {}


@pytest.mark.parametrize("text", [f"https://{HOSTS[0]}/simple", "one==1\n--index-url somewhere", "-i somewhere"])
def test_finds_a_registry(text: str) -> None:
    assert registries_named(text)


def test_accepts_matching_locks(folder: Path) -> None:
    assert lock.check(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("pyproject.toml", "one>=1", "one>=1.1", "requirements.txt is older than the dependencies"),
        ("requirements-dev.txt", "# Written", "# Edited", "requirements-dev.txt is older than the dependencies"),
        ("requirements-dev.txt", "three==3.0", "three==2.9", "has 2.9 for three>=3"),
        ("requirements-dev.txt", "three==3.0", "", "has nothing for three>=3"),
        (
            "requirements-dev.txt",
            "one==1.5",
            "one==1.6",
            "requirements.txt has one 1.5, and",
        ),
        ("requirements-dev.txt", "two==2.1", "two==3.0", "has 3.0 for Two"),
    ],
)
def test_finds_an_outdated_lock(folder: Path, file: str, old: str, new: str, sentence: str) -> None:
    edit(folder / file, old, new)
    assert sentence in "\n".join(lock.check(folder))


@pytest.mark.parametrize(("upgrade", "expected"), [(None, ""), (7, "--upgrade --exclude-newer 7 days ")])
def test_upgrade_ignores_releases_that_are_too_new(
    folder: Path, monkeypatch: pytest.MonkeyPatch, upgrade: int | None, expected: str
) -> None:
    (folder / "uv").write_text('#!/bin/sh\necho "$@" >> called\n', encoding="utf-8")
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    lock.lock(folder, upgrade=upgrade)
    for line, name in zip((folder / "called").read_text(encoding="utf-8").splitlines(), lock.LOCKS, strict=True):
        assert line.endswith(f"{' '.join(lock.LOCKS[name])} {expected}--output-file {name}")


def test_keeps_pins_that_only_the_service_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "lock", lambda *_, **__: None)
    lock_all.lock_service(folder, upgrade=None)
    template, seeded = (lock.pins(where / "requirements.txt") for where in (ROOT / "template", folder))
    assert seeded == template | {"one": {"1.5"}, "two": {"2.1"}}


def test_restores_a_missing_lock_from_the_template(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "lock", lambda *_, **__: None)
    (folder / "requirements.txt").unlink()
    lock_all.lock_service(folder, upgrade=None)
    template, seeded = (lock.pins(where / "requirements.txt") for where in (ROOT / "template", folder))
    assert seeded == template


def test_finds_a_missing_lock(folder: Path) -> None:
    (folder / "requirements.txt").unlink()
    assert lock.check(folder) == ["requirements.txt is older than the dependencies in pyproject.toml"]


@pytest.mark.parametrize("service", services(), ids=lambda path: path.name)
def test_services_pin_the_versions_of_the_template(service: Path) -> None:
    ours, theirs = (lock.pins(folder / "requirements-dev.txt") for folder in (service, ROOT / "template"))
    assert {name: ours[name] for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]} == {}


def test_services_pin_the_nox_version_of_noxw() -> None:
    own = (ROOT / "tools" / "noxw-requirements.txt").read_text(encoding="utf-8")
    assert lock_all.NOX_OF_SERVICES.read_text(encoding="utf-8") == own.split("\n", 1)[1]
