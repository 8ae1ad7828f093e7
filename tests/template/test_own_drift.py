"""A generated service detects changed owned files without its template or the network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from working_copy import Copy, Generate

from updates.drift import drift


def edit(path: str) -> Callable[[Copy], object]:
    def edit(service: Copy) -> None:
        (service.root / path).parent.mkdir(parents=True, exist_ok=True)
        service.append(path, "# edited\n")

    return edit


def move(service: Copy) -> None:
    (service.root / "docker").mkdir()
    (service.root / "Dockerfile").rename(service.root / "docker/Dockerfile")


def link_folder(service: Copy) -> None:
    (service.root / "tools/postgres").rename(service.root / "elsewhere")
    (service.root / "tools/postgres").symlink_to(service.root / "elsewhere")


def link_file(service: Copy) -> None:
    (service.root / "noxfile.py").rename(service.root / "mine.py")
    (service.root / "noxfile.py").symlink_to("mine.py")


def ignore(service: Copy) -> None:
    service.git("rm", "--quiet", "--cached", "Dockerfile")
    service.write(".git/info/exclude", "Dockerfile\n")


def interrupt(service: Copy) -> None:
    service.write(".allium/updates/some time/plan.json", "{}")


NAMED = {
    "edited": (edit("Dockerfile"), "Dockerfile is edited"),
    "an edited file of tests": (edit("tests/conftest.py"), "tests/conftest.py is edited"),
    "missing": (lambda service: (service.root / "compose.yml").unlink(), "compose.yml is missing"),
    "moved": (move, "Dockerfile is missing; it is now docker/Dockerfile: move it back"),
    "stray": (edit("tests/conformance/ours.py"), "tests/conformance/ours.py belongs to nobody: all of its folder"),
    "executable": (lambda service: (service.root / "noxfile.py").chmod(0o755), "noxfile.py must not be executable"),
    "a link": (link_file, "noxfile.py is a link and no file"),
    "below a link": (link_folder, "tools/postgres/__init__.py cannot be there, because of tools/postgres"),
    "ignored": (ignore, "Dockerfile is ignored by git; let it in with: git add --force Dockerfile"),
    "answers": (edit(".copier-answers.yml"), None),
    "another answer": (
        lambda service: service.append(".copier-answers.yml", "colour: red\n"),
        ".copier-answers.yml was edited; commit that",
    ),
    "broken answers": (lambda service: service.append(".copier-answers.yml", "{"), ".copier-answers.yml is not YAML"),
    "the list": (
        edit("tools/updates/owned.txt"),
        "tools/updates/owned.txt, the list of the template's files, is edited",
    ),
    "an update": (interrupt, "An update was interrupted; `nox -s update` finishes it"),
}


@pytest.mark.parametrize("name", NAMED)
def test_reports_the_file_and_its_fault(name: str, generate: Generate) -> None:
    service = Copy(generate({"service_name": "orders"}))
    change, sentence = NAMED[name]
    change(service)
    found = drift(service.root)
    if sentence is None:
        assert found == []
    else:
        assert found
        assert all(each.startswith((sentence, "tools/postgres/")) for each in found)


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_reports_nothing_for_a_new_service_and_its_own_files(ci: str, generate: Generate) -> None:
    answers = {"service_name": "orders", "upstreams": ["users"], "ci": ci, "description": 'Ä "quoted" {{ text }}\n\tx'}
    service = Copy(generate({**answers, "kubernetes": ci == "github"}))
    assert drift(service.root) == []
    for path in (
        "src/orders_service/main.py",
        "tools/ours.py",
        "caf\udce9.txt",  # a Latin-1 file name
        "scripts/ours.sh",
        "LICENSE",
        "tests/core/test_ours.py",
    ):
        edit(path)(service)
    (service.root / "development.env").unlink()
    assert drift(service.root) == []


def test_works_without_a_git_repository(generate: Generate) -> None:
    service = generate({"service_name": "orders"})
    (service / ".git").rename(service / "no git")
    edit("Dockerfile")(Copy(service))
    edit("tests/conformance/__pycache__/module.pyc")(Copy(service))
    assert drift(service) == ["Dockerfile is edited"]


def test_ignores_line_ends_changed_by_git(generate: Generate, tmp_path: Path) -> None:
    service = Copy(generate({"service_name": "orders"}))
    clone = service.clone(tmp_path / "clone", "--config", "core.autocrlf=true")
    assert drift(clone.root) == []


def test_lint_fails_with_instructions(generate: Generate) -> None:
    service = Copy(generate({"service_name": "orders"}))
    edit("Dockerfile")(service)
    done = service.python("-m", "updates.drift")
    assert done.returncode == 1
    assert done.stderr.startswith("Dockerfile is edited\n\nThese files are the template's: change them in template/")
    assert (
        '"updates.drift"' in (Path(service.root) / "noxfile.py").read_text(encoding="utf-8").split("def typecheck")[0]
    )
