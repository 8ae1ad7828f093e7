"""Updates heal all changes to owned files, and interruptions at any point, without losing anything."""

import contextlib
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_unfinished_update import Killed, die_after
from working_copy import Copy

from updates import applying, keeping, manifest, unfinished

PATHS = ("a", "b", "d", "d/x", "d/y", "e", "e/f", "e/f/g", "own", "h/i")
OWN = "/own"
"""Given away by the new version, which therefore does not render it."""


def hold_together(paths: set[str]) -> set[str]:
    """Return the paths that can be files at the same time: none is below another one."""
    return {path for path in paths if not any(other != path and Path(path).is_relative_to(other) for other in paths)}


CONTENTS = st.sampled_from(["one", "two"])
OLD = st.dictionaries(st.sampled_from(PATHS), CONTENTS)
NEW = st.dictionaries(st.sampled_from([path for path in PATHS if path != "own"]), CONTENTS)


def write_version(folder: Path, files: dict[str, str]) -> Path:
    """Write what Copier would render: the files and their list."""
    folder.mkdir()
    for path in hold_together(set(files)):
        Copy(folder).write(path, files[path])
    lines = [f"{mode} {digest} {path}" for path, (mode, digest) in manifest.states(folder).items()]
    content = "\n".join([f"answers {manifest.digest({})}", f"own {OWN}", *lines, ""])
    Copy(folder).write(manifest.MANIFEST, f"{hashlib.sha256(content.encode()).hexdigest()}\n{content}")
    return folder


def clear(file: Path) -> None:
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)


def edit(file: Path, text: str) -> None:
    file.write_text(text)


def delete(file: Path, _text: str) -> None:
    clear(file)


def mark(file: Path, _text: str) -> None:
    file.touch()
    file.chmod(0o755)


def make_folder(file: Path, text: str) -> None:
    clear(file)
    file.mkdir()
    (file / "his").write_text(text)


def link_to_folder(file: Path, text: str) -> None:
    clear(file)
    target = file.with_name(f"{file.name} target")
    target.mkdir(exist_ok=True)
    (target / "x").write_text(text)
    file.symlink_to(target)


ACTIONS: dict[str, Callable[[Path, str], None]] = {
    each.__name__: each for each in (edit, delete, mark, make_folder, link_to_folder)
}
DEEDS = st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(PATHS)), max_size=5)


def do(service: Path, deeds: list[tuple[str, str]]) -> None:
    """Apply each edit that is possible after the ones before."""
    for number, (name, path) in enumerate(deeds):
        try:
            (service / path).parent.mkdir(parents=True, exist_ok=True)
            ACTIONS[name](service / path, f"his {number}")
        except OSError:
            continue


def texts(folder: Path) -> set[str]:
    """Return the content of every file of a folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {path.read_text() for path in files if path.name != "plan.json"}


def update(service: Path, fresh: Path) -> None:
    folder = keeping.new_folder(service)
    applying.prepare(service, fresh, manifest.read(fresh), folder)
    unfinished.finish(service, folder / unfinished.PLAN)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(old=OLD, new=NEW, deeds=DEEDS, steps=st.integers(0, 60))
def test_any_update_heals_and_loses_nothing(
    old: dict[str, str], new: dict[str, str], deeds: list[tuple[str, str]], steps: int
) -> None:
    with TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        base, fresh = write_version(Path(temporary, "old"), old), write_version(Path(temporary, "new"), new)
        patch.setattr(applying, "old_version", lambda *_: base)
        service = Path(shutil.copytree(base, Path(temporary, "service")))
        do(service, deeds)
        before = {text for text in texts(service) if text.startswith("his")}
        own = (service / "own").read_text() if manifest.state(service, "own") else None
        with pytest.MonkeyPatch.context() as dying:
            die_after(steps, dying)
            with contextlib.suppress(Killed):
                update(service, fresh)
        for plan in unfinished.plans(service):
            unfinished.finish(service, plan)
        update(service, fresh)
        wanted = manifest.states(fresh)
        assert {path: manifest.state(service, path) for path in wanted} == wanted
        assert before <= texts(service)
        assert own is None or (service / "own").read_text() == own
        gone = set(manifest.read(base).files) - wanted.keys() - {"own"}
        assert [path for path in gone if manifest.state(service, path)] == []
