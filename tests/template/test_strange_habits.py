"""After an update a service passes its checks, whatever a team did to owned files, even if an update was killed."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from copier import run_copy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_unfinished_update import Killed, die_after
from working_copy import Copy
from workshop import Programs

from layout import ROOT
from template.rendering import plain_copy
from updates import applying, rendering, unfinished
from updates.drift import drift

pytestmark = pytest.mark.thorough
CHANGED = "\n\n# changed\n"
PACKAGE = "src/orders_service"


def move(service: Copy) -> None:
    (service.root / "tools/failures.py").rename(service.root / PACKAGE / "core/failures.py")


def make_folder(service: Copy) -> None:
    (service.root / "Dockerfile").unlink()
    service.write("Dockerfile/orders", "FROM scratch\n")


def link(service: Copy) -> None:
    shutil.copy(service.root / "noxfile.py", service.root / "scripts.py")
    (service.root / "noxfile.py").unlink()
    (service.root / "noxfile.py").symlink_to("scripts.py")
    (service.root / "scripts.py").write_text('"""Ours."""\n')


def answer(service: Copy) -> None:
    file = service.root / ".copier-answers.yml"
    file.write_text(file.read_text().replace("port: 8000", "port: 8765"))


HABITS: dict[str, Callable[[Copy], object]] = {
    "edits the chassis": lambda service: service.append("src/chassis/ids.py", "import gone\n"),
    "edits what the version changes": lambda service: service.append("noxfile.py", "import gone\n"),
    "edits the rules": lambda service: service.append("pyproject.toml", "[tool.mypy]\n"),
    "deletes a module of the chassis": lambda service: (service.root / "src/chassis/errors.py").unlink(),
    "deletes the list": lambda service: (service.root / "tools/updates/owned.txt").unlink(),
    "moves": move,
    "puts a folder in the way": make_folder,
    "links": link,
    "marks": lambda service: (service.root / "tests/conftest.py").chmod(0o755),
    "ignores": lambda service: service.append(".gitignore", "src/chassis/\ndocs/\n"),
    "has a file where a new one comes": lambda service: service.write("docs/added.md", "his\n"),
    "gives another answer": answer,
    "adds a module": lambda service: service.write(f"{PACKAGE}/core/ours.py", '"""Ours."""\n\nANSWER = 42\n'),
    "adds a test": lambda service: service.write(
        "tests/api/test_ours.py", "def test_ours() -> None:\n    assert True\n"
    ),
    "has rules of its own": lambda service: service.write("ruff.toml", 'extend = "pyproject.toml"\n'),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return the working tree, and a second version that changes, adds and drops owned files."""
    template = Copy(Path(shutil.copytree(plain_copy(), tmp_path_factory.mktemp("habits") / "template")))
    shutil.copytree(ROOT / "tools", template.root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    template.git("init", "--quiet")
    template.commit("v1.0.0")
    template.git("tag", "v1.0.0")
    template.append("template/noxfile.py", CHANGED)
    template.append("template/src/chassis/ids.py", CHANGED)
    template.write("template/docs/added.md", "Added.\n")
    (template.root / "template/.editorconfig").unlink()
    template.write_list_of_owned_files()
    template.commit("v2.0.0")
    template.git("tag", "v2.0.0")
    return template


@pytest.fixture(scope="module")
def first(template: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a committed service of the first version."""
    service = Copy(tmp_path_factory.mktemp("first") / "orders")
    answers = {"service_name": "orders", "ci": "none"}
    run_copy(template.url, service.root, data=answers, vcs_ref="v1.0.0", defaults=True, quiet=True)
    service.git("init", "--quiet")
    service.commit("Generate")
    return service


@contextlib.contextmanager
def working(first: Copy, folder: Path) -> Iterator[Copy]:
    """Yield a copy of the service as the current directory."""
    service = Copy(Path(shutil.copytree(first.root, folder / "orders", symlinks=True)))
    with contextlib.chdir(service.root):
        yield service


def update_until_killed(service: Copy, steps: int) -> None:
    """Start an update, and stop it after some changes on disk."""
    with rendering.rendered(Path()) as fresh, pytest.MonkeyPatch.context() as patch:
        die_after(steps, patch)
        with contextlib.suppress(Killed):
            applying.apply(Path(), fresh)
    for plan in unfinished.plans(Path()):
        unfinished.finish(Path(), plan)
    service.commit("Of an update that was killed")


@settings(max_examples=3, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(habits=st.sets(st.sampled_from(sorted(HABITS)), min_size=3), steps=st.none() | st.integers(0, 40))
def test_service_passes_its_checks_after_the_update(
    first: Copy,
    programs: Programs,
    tmp_path_factory: pytest.TempPathFactory,
    habits: set[str],
    steps: int | None,
) -> None:
    with working(first, tmp_path_factory.mktemp("case")) as service:
        for habit in sorted(habits):
            HABITS[habit](service)
        service.commit("Work")
        if steps is not None:
            update_until_killed(service, steps)
        done = Copy(service.root).python("-m", "updates.update", path=[str(ROOT / "template/tools")])
        assert done.returncode == 0, done.stderr
        service.git("add", "--all", "--force", "src", "docs")
        service.commit("Update")
        assert drift(service.root) == []
        assert (service.root / "noxfile.py").read_text().endswith(CHANGED)
        programs.run("ruff", "check", service=service.root)
        programs.run("ruff", "format", "--check", service=service.root)
        programs.run("lint-imports", service=service.root)
        programs.run(
            "mypy", "--exclude", "^tests/chassis/", "src", "tests", "tools", "migrations", service=service.root
        )
