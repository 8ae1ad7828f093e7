"""Updates keep their promises for any edits of a team and any changes of the template."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy, run_update
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import promises_kept
from working_copy import Copy

from layout import listed
from template.rendering import belongs_to_service

Edit = tuple[str, int, str]
Change = Callable[[Path, str], None]
ANSWERS = "{{ _copier_conf.answers_file }}.jinja"
INCLUDED = "tools/entity/files"
TEXT = st.sampled_from(
    ["# one line\n", "without an end", "\r\nDOS\r\n", "<<<<<<< ours\n=======\n>>>>>>> theirs\n", "ü\n"]
)


def prepend(file: Path, text: str) -> None:
    file.write_bytes(text.encode() + file.read_bytes())


def append(file: Path, text: str) -> None:
    file.write_bytes(file.read_bytes() + text.encode())


def empty(file: Path, _text: str) -> None:
    file.write_bytes(b"")


def delete(file: Path, _text: str) -> None:
    file.unlink()


def rename(file: Path, _text: str) -> None:
    file.rename(beside(file, "renamed"))


def add(file: Path, text: str) -> None:
    beside(file, "added").write_bytes(text.encode())


def beside(file: Path, word: str) -> Path:
    """Return a name that the other side does not use: for equal names `copier update` reports a conflict."""
    return file.with_name(f"{word} {'theirs' if 'template' in file.parts else 'ours'} {file.name}")


CHANGES: dict[str, Change] = {each.__name__: each for each in (prepend, append, empty, delete, rename, add)}
EDITS = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 99), TEXT), min_size=2, max_size=12)


def change(root: Path, paths: list[Path], edits: list[Edit]) -> None:
    """Apply each edit to the file with its number, unless an earlier edit removed it."""
    for name, number, text in edits:
        file = root / paths[number % len(paths)]
        if file.exists():
            CHANGES[name](file, text)


def may_change(path: Path) -> bool:
    """Return whether a file may be edited: without the answers or included files no update is possible.

    In `.vscode` git ignores all files but one, and Copier deletes ignored files.
    """
    return path.name != ANSWERS and INCLUDED not in path.as_posix() and ".vscode" not in path.parts


@pytest.fixture(scope="module")
def template(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return the template without its tools and most tests: few files of each kind."""
    template = original.clone(tmp_path_factory.mktemp("any") / "template")
    shutil.rmtree(template.root / "services")
    for folder in ("tools/postgres", "tools/processes", "tools/system", "tests/core", "tests/infrastructure"):
        shutil.rmtree(template.root / "template" / folder)
    template.commit("Cut down")
    template.git("branch", "begin")
    return template


@pytest.fixture(scope="module")
def service(template: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    service = Copy(tmp_path_factory.mktemp("any") / "service")
    run_copy(template.url, service.root, data={"service_name": "orders"}, vcs_ref="begin", defaults=True, quiet=True)
    service.git("init", "--quiet")
    service.commit("Generate")
    service.git("branch", "begin")
    return service


@pytest.mark.thorough
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(ours=EDITS, theirs=EDITS)
def test_any_update_keeps_its_promises(template: Copy, service: Copy, ours: list[Edit], theirs: list[Edit]) -> None:
    for copy in (template, service):
        copy.git("reset", "--quiet", "--hard", "begin")
        copy.git("clean", "--quiet", "--force", "-d")
    own = [path for path in listed(service.root) if belongs_to_service(path) and may_change(path)]
    change(service.root, own, ours)
    service.commit("Work")
    change(template.root, [path for path in listed(template.root, "template") if may_change(path)], theirs)
    template.commit("Change the template")
    with promises_kept(service, template, old="begin", new="HEAD"):
        run_update(service.root, vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)
