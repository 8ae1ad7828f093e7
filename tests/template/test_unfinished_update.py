"""An update that is killed at any step is completed by the next run, with the same result."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from working_copy import Copy

from layout import ROOT
from updates import unfinished

PLAN = {
    "deletions": ["old.py", "package/one.py", "becomes_folder"],
    "aside": ["folder", "linked", "package"],
    "writes": ["becomes_folder/new.py", "changed.py", "folder", "linked/new.py", "new/deep.py", "package"],
}
BEFORE = ("changed.py", "old.py", "package/one.py", "becomes_folder", "folder/his.txt", "target/his.txt", "his.txt")
UPDATE = ".allium/updates/now"


class Killed(BaseException):
    """Stands for a kill, as far as files are concerned."""


def begun(folder: Path) -> Path:
    """Return a service with an update that is planned but not yet applied."""
    for path in BEFORE:
        Copy(folder).write(path, "before")
    for path in PLAN["writes"]:
        Copy(folder).write(f"{UPDATE}/new/{path}", f"new {path}")
    Copy(folder).write(f"{UPDATE}/plan.json", json.dumps(PLAN))
    (folder / "linked").symlink_to("target")
    return folder


def files(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return {
        path.relative_to(folder).as_posix(): "a link" if path.is_symlink() else path.read_text()
        for path in sorted(paths)
    }


def die_after(steps: int, patch: pytest.MonkeyPatch) -> None:
    """Let this many changes on disk succeed, and fail the next one."""
    left = iter(range(steps))

    def limited(change: Callable[..., Any]) -> Callable[..., object]:
        def change_or_die(*arguments: Any, **options: Any) -> object:
            if next(left, None) is None:
                raise Killed
            return change(*arguments, **options)

        return change_or_die

    for name in ("mkdir", "unlink", "rename", "replace", "rmdir"):
        patch.setattr(Path, name, limited(getattr(Path, name)))
    patch.setattr(shutil, "rmtree", limited(shutil.rmtree))


def test_completes_an_update_killed_at_any_step(tmp_path: Path) -> None:
    whole = begun(tmp_path / "whole")
    unfinished.finish(whole, whole / UPDATE / "plan.json")
    expected = files(whole)
    assert expected == {
        **{path: f"new {path}" for path in PLAN["writes"]},
        **dict.fromkeys(("his.txt", "target/his.txt", f"{UPDATE}/aside/folder/his.txt"), "before"),
        f"{UPDATE}/aside/linked": "a link",
    }
    for steps in range(100):
        killed = begun(tmp_path / f"after {steps}")
        with pytest.MonkeyPatch.context() as patch:
            die_after(steps, patch)
            try:
                unfinished.finish(killed, killed / UPDATE / "plan.json")
            except Killed:
                pass
            else:
                break
        for plan in unfinished.plans(killed):
            unfinished.finish(killed, plan)
        found = {path: text for path, text in files(killed).items() if not path.startswith(f"{UPDATE}/new/")}
        assert found == expected, f"killed after {steps} steps"
    assert steps > len(PLAN["writes"])


def test_explains_an_update_that_cannot_be_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = begun(tmp_path / "service")
    (service / "new").write_text("put here in the meantime")
    monkeypatch.chdir(service)
    assert unfinished.main() == 1
    (service / "new").unlink()
    assert unfinished.main() == 0
    assert (service / "new/deep.py").read_text() == "new new/deep.py"


def test_uses_no_other_module_of_the_service(tmp_path: Path) -> None:
    """The other files of the service may be of two versions at that time."""
    service = Copy(begun(tmp_path / "service"))
    service.write("tools/updates/__init__.py", "")
    shutil.copy(ROOT / "template/tools/updates/unfinished.py", service.root / "tools/updates")
    done = service.python(
        "-I", "-c", "import sys; sys.path = ['tools', *sys.path]; import updates.unfinished as it; it.main()"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The interrupted update is finished. Review it (`git status`) and commit it.\n"
    assert (service.root / "changed.py").read_text() == "new changed.py"
    assert unfinished.plans(service.root) == []
