import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from working_copy import Copy, Generate

from template.comparison import differences

ANSWERS = ".copier-answers.yml"


def append(path: str, text: str = "# edited\n") -> Callable[[Path], None]:
    def edit(service: Path) -> None:
        Copy(service).append(path, text)

    return edit


def rewrite(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(service: Path) -> None:
        file = service / path
        content = file.read_text(encoding="utf-8")
        assert old in content
        file.write_text(content.replace(old, new), encoding="utf-8")

    return edit


OBJECTED = [
    pytest.param(append("noxfile.py"), "noxfile.py", "differs from the template", id="edited"),
    pytest.param(lambda service: (service / "noxfile.py").unlink(), "noxfile.py", "is missing", id="missing"),
    pytest.param(append("src/helpers.py"), "src/helpers.py", "belongs to nobody", id="stray"),
    pytest.param(
        lambda service: (service / "noxfile.py").chmod(0o755), "noxfile.py", "must not be executable", id="mode"
    ),
    pytest.param(append(ANSWERS, "colour: red\n"), ANSWERS, "no question named 'colour'", id="unknown answer"),
    pytest.param(rewrite(ANSWERS, "port: 8000", "port: 80"), ANSWERS, "from 1024 to 65535", id="invalid answer"),
    pytest.param(rewrite(ANSWERS, "port: 8000\n", ""), ANSWERS, "differs from the template", id="answer left out"),
    pytest.param(rewrite(ANSWERS, "_src_path: .", "_src_path: /x"), ANSWERS, "differs from", id="another template"),
    pytest.param(append(ANSWERS, "{"), ANSWERS, "is not YAML", id="answers that are not YAML"),
    pytest.param(append("requirements.txt", ""), "requirements.txt", "is older than the dependencies", id="old lock"),
]


@pytest.mark.parametrize(("edit", "path", "sentence"), OBJECTED)
def test_reports_the_file_and_its_fault(
    edit: Callable[[Path], None], path: str, sentence: str, generate: Generate
) -> None:
    service = generate({"service_name": "orders"})
    if sentence == "is older than the dependencies":
        (service / path).write_text("# another first line\n", encoding="utf-8")
    edit(service)
    found = differences(service)
    assert [difference.path.as_posix() for difference in found if sentence in difference.what] == [path]


def test_shows_a_diff(generate: Generate) -> None:
    service = generate({"service_name": "orders"})
    append("noxfile.py", "# edited here\n")(service)
    (difference,) = differences(service)
    assert "+# edited here" in difference.diff


def test_reports_nothing_for_a_new_service_with_changed_domain_files(generate: Generate) -> None:
    service = generate({"service_name": "orders", "upstreams": ["users"]})
    assert differences(service) == []
    append("src/orders_service/core/rules.py")(service)
    append("src/orders_service/main.py")(service)
    (service / "tests/core/test_errors.py").unlink()
    rewrite(ANSWERS, "_src_path: .", "_commit: other\n_src_path: .")(service)
    assert differences(service) == []


def test_sync_fixes_drift_without_touching_domain_files(clone: Copy) -> None:
    """As typed in a shell, for a changed, a deleted, a renamed and a new file of the template."""
    clone.append("template/noxfile.py", "# new\n")
    (clone.root / "template/.editorconfig").rename(clone.root / "template/.renamed")
    clone.write("template/added.txt", "{{ not Jinja }}\n")
    clone.append("services/users/README.md", "edited\n")
    clone.append("services/users/src/users_service/main.py", "# ours\n")
    (clone.root / "services/users/tests/core/test_errors.py").unlink()
    clone.git("add", "--all")

    drift = clone.scaffold("drift")
    assert drift.returncode == 1
    for line in (
        "services/users/noxfile.py differs from the template",
        "services/friends/noxfile.py differs from the template",
        "services/users/.editorconfig belongs to nobody",
        "services/users/.renamed is missing",
        "services/users/added.txt is missing",
        "services/users/README.md differs from the template",
    ):
        assert line in drift.stdout
    assert "main.py" not in drift.stdout
    assert "./noxw -s sync" in drift.stderr

    assert clone.scaffold("sync").returncode == 0
    healed = clone.scaffold("drift")
    assert (healed.returncode, healed.stdout) == (0, "3 services match the template.\n")
    changed = clone.git("status", "--porcelain", "--untracked-files=all")
    assert re.findall(r"users/(?:src|tests)/.*", changed) == [
        "users/src/users_service/main.py",
        "users/tests/core/test_errors.py",
    ]


def test_sync_keeps_stray_files_that_the_template_never_had(original_of_users: Copy, tmp_path: Path) -> None:
    clone = original_of_users.clone(tmp_path / "a clone")
    clone.write("services/users/Makefile", "mine\n")
    clone.commit("Ours")
    clone.write("services/users/notes.txt", "mine\n")
    clone.scaffold("sync")
    assert (clone.root / "services/users/notes.txt").exists()
    assert (clone.root / "services/users/Makefile").exists()
    assert "services/users/Makefile belongs to nobody" in clone.scaffold("drift").stdout


def test_explains_an_unusable_service_or_repository(original_of_users: Copy, tmp_path: Path) -> None:
    clone = original_of_users.clone(tmp_path / "a clone")
    twin = shutil.copytree(clone.root / "services/users", clone.root / "services/twin")
    answers = (twin / ANSWERS).read_text(encoding="utf-8")
    renamed = answers.replace("service_name: users", "service_name: twin")
    for content, verb, sentence in (
        (renamed, ["drift"], "twin and users have the same port, 8001. Give"),
        (answers, ["sync"], "another service is also named users."),
        ("{", ["new", "orders"], "twin/.copier-answers.yml has no valid service_name and port."),
    ):
        (twin / ANSWERS).write_text(content, encoding="utf-8")
        assert_refused(clone, verb, sentence)
    shutil.rmtree(clone.root / ".git")
    assert_refused(clone, ["sync"], "This needs a git repository with a commit")


def assert_refused(clone: Copy, verb: list[str], sentence: str) -> None:
    done = clone.scaffold(*verb)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_works_in_a_git_hook(original_of_users: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = original_of_users.clone(tmp_path / "a clone")
    monkeypatch.setenv("GIT_DIR", str(clone.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(clone.root / ".git/index"))
    assert clone.scaffold("drift").returncode == 0


def test_sync_refuses_to_overwrite_uncommitted_edits(original_of_users: Copy, tmp_path: Path) -> None:
    clone = original_of_users.clone(tmp_path / "a clone")
    clone.append("template/noxfile.py", "# new\n")
    assert clone.scaffold("sync").returncode == 0
    clone.append("template/noxfile.py", "# newer\n")
    assert clone.scaffold("sync").returncode == 0  # files that it rendered itself are no edits
    clone.append("services/users/noxfile.py", "# ours\n")
    clone.write("template/added.txt", "new\n")
    clone.write("services/users/added.txt", "ours\n")
    done = clone.scaffold("sync")
    assert done.returncode == 1
    advice = "services/users: move these edits to template/, `git add` or undo them first: added.txt, noxfile.py\n"
    assert advice in done.stderr
    assert (clone.root / "services/users/noxfile.py").read_text(encoding="utf-8").endswith("# ours\n")
    assert (clone.root / "services/users/added.txt").read_text(encoding="utf-8") == "ours\n"
    clone.git("add", "services")
    assert clone.scaffold("sync").returncode == 0
    assert clone.scaffold("drift").returncode == 0


def test_sync_works_in_a_shallow_clone_and_records_its_commit(original_of_users: Copy, tmp_path: Path) -> None:
    shallow = original_of_users.clone(tmp_path / "shallow", "--depth=1")
    shallow.append("template/noxfile.py", "# new\n")
    commit = shallow.commit("Change the template")
    assert shallow.scaffold("sync").returncode == 0
    assert shallow.anchor("users") == commit
    assert shallow.scaffold("drift").returncode == 0
