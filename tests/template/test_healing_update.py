"""`nox -s update` always ends with owned files as freshly rendered, and keeps all edits of the user."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy
from promises import contents, rendered
from working_copy import Copy

from updates.drift import drift


def second_version(template: Copy) -> None:
    template.append("template/noxfile.py", "# changed\n")
    (template.root / "template/.editorconfig").unlink()
    template.write("template/docs/added.md", "Added.\n")
    (template.root / "template/tools/failures.py").rename(template.root / "failures.py")
    (template.root / "template/tools/failures").mkdir()
    (template.root / "failures.py").rename(template.root / "template/tools/failures/__init__.py")
    shutil.rmtree(template.root / "template/notes")
    template.write("template/notes", "A file.\n")
    questions = (template.root / "copier.yml").read_text(encoding="utf-8")
    template.write("copier.yml", questions.replace("  - /development.env\n", "  - /development.env\n  - /given.md\n"))


@pytest.fixture(scope="module")
def template(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return two versions; the second changes, drops, adds and gives away files, and replaces a folder by a file."""
    template = original.clone(tmp_path_factory.mktemp("healing") / "template")
    shutil.rmtree(template.root / "services")
    template.write("template/notes/one.md", "One.\n")
    template.write("template/given.md", "Given away in the second version.\n")
    for tag, change in (("v1.0.0", lambda _: None), ("v2.0.0", second_version)):
        change(template)
        done = template.scaffold("sync")
        assert done.returncode == 0, done.stderr
        template.commit(tag)
        template.git("tag", tag)
    return template


@pytest.fixture(scope="module")
def first(template: Copy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "orders"
    answers = {"service_name": "orders", "extra_packages": ["ffmpeg"], "extra_gitignore": ["/data/"]}
    run_copy(template.url, folder, data=answers, vcs_ref="v1.0.0", defaults=True, quiet=True)
    Copy(folder).git("init", "--quiet")
    Copy(folder).commit("Generate")
    Copy(folder).pack()
    return folder


@pytest.fixture
def service(first: Path, tmp_path: Path) -> Copy:
    """Return a committed service of the first version."""
    return Copy(Path(shutil.copytree(first, tmp_path / "orders", symlinks=True)))


def update(service: Copy, *arguments: str) -> subprocess.CompletedProcess[str]:
    return service.python("-m", "updates.update", *arguments)


def assert_healed(service: Copy, template: Copy, version: str) -> None:
    """Check that owned files are as freshly rendered, and that the service reports no drift."""
    fresh = rendered(template, version, service.root)
    assert {path: (service.root / path).read_bytes() for path in fresh} == fresh
    assert not any((service.root / path).is_symlink() for path in fresh)
    service.commit("Update")
    assert drift(service.root) == []


def kept(service: Copy) -> dict[str, str]:
    """Return what the update kept, relative to its folder."""
    (folder,) = [path for path in (service.root / ".allium/updates").iterdir() if path.is_dir()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_restores_edited_deleted_and_moved_files_and_keeps_edits_in_a_patch(service: Copy, template: Copy) -> None:
    service.append("noxfile.py", "# ours, where the new version changes it, too\n")
    service.append(".editorconfig", "# ours, in a file that the new version drops\n")
    service.append("given.md", "Ours now.\n")
    (service.root / "Dockerfile").rename(service.root / "Moved")
    (service.root / "compose.yml").unlink()
    (service.root / "tests/conftest.py").chmod(0o755)
    service.commit("Work")
    done = update(service)
    assert done.returncode == 0, done.stderr
    assert_healed(service, template, "v2.0.0")
    assert not (service.root / ".editorconfig").exists()
    assert (service.root / "given.md").read_text().endswith("Ours now.\n")
    assert (service.root / "notes").is_file()
    found = kept(service)
    assert set(found) == {"edits.patch", "kept/noxfile.py", "kept/.editorconfig", "kept/tests/conftest.py"}
    patch = found["edits.patch"]
    assert "+# ours, where the new version changes it, too" in patch
    assert "+# ours, in a file that the new version drops" in patch
    assert "-# changed" not in patch
    for path in (".editorconfig", "Dockerfile", "compose.yml", "noxfile.py", "tests/conftest.py"):
        assert f"  {path}\n" in done.stdout
        assert f"rendered/{path}" in patch
    assert "Your changes as a patch: .allium/updates/" in done.stdout
    assert "Updated. Review these changes with `git diff`, run the checks, then commit:\n" in done.stdout


def test_keeps_the_files_that_are_meant_for_customization(service: Copy, template: Copy) -> None:
    places = {
        "ruff.toml": 'extend = "pyproject.toml"\n',
        "compose.override.yml": "services: {cache: {image: valkey/valkey:9}}\n",
        "NOTES.md": "Ours.\n",
        "tests/api/conftest.py": "# ours\n",
        "src/orders_service/infrastructure/database/__init__.py": 'UNMANAGED = ("legacy_*",)\n',
    }
    for path, text in places.items():
        service.write(path, text)
    service.commit("Vary what may be varied")
    assert drift(service.root) == []
    assert update(service).returncode == 0
    assert_healed(service, template, "v2.0.0")
    assert {path: (service.root / path).read_text() for path in places} == places
    assert "install --yes --no-install-recommends ffmpeg \\\n" in (service.root / "Dockerfile").read_text()
    assert "\n# This service's own\n/data/\n" in (service.root / ".gitignore").read_text()


def test_heals_at_the_same_version_once(service: Copy, template: Copy) -> None:
    service.append("noxfile.py", "# ours\n")
    service.commit("Work")
    assert update(service, "--vcs-ref=:current:").returncode == 0
    assert_healed(service, template, "v1.0.0")
    done = update(service, "--vcs-ref=:current:")
    assert (done.returncode, done.stdout) == (0, "Nothing changed; this is the newest version.\n")


def test_heals_a_service_without_its_list_and_deletes_dropped_files(service: Copy, template: Copy) -> None:
    (service.root / "tools/updates/owned.txt").write_text("<<<<<<< ours\n", encoding="utf-8")
    service.append("README.md", "Ours.\n")
    service.commit("Work")
    done = update(service)
    assert done.returncode == 0, done.stderr
    assert_healed(service, template, "v2.0.0")
    assert not (service.root / ".editorconfig").exists()
    assert set(kept(service)) == {"edits.patch", "kept/README.md"}


def his_file(service: Copy) -> None:
    service.write("docs/added.md", "his\n")


def his_ignored_file(service: Copy) -> None:
    service.write(".git/info/exclude", "docs\n")
    service.write("docs/added.md", "his\n")


def his_file_for_a_folder(service: Copy) -> None:
    service.write("docs", "his\n")


def his_folder_for_a_file(service: Copy) -> None:
    service.write("docs/added.md/one.txt", "his\n")


def his_link(service: Copy) -> None:
    (service.root / "elsewhere").mkdir()
    service.write("elsewhere/added.md", "his\n")
    (service.root / "docs").symlink_to("elsewhere")


IN_THE_WAY: list[tuple[Callable[[Copy], None], str]] = [
    (his_ignored_file, "docs/added.md"),
    (his_folder_for_a_file, "docs/added.md"),
    (his_link, "docs"),
]
IN_THE_WAY_TOO = [(his_file, "docs/added.md"), (his_file_for_a_folder, "docs")]


@pytest.mark.parametrize(
    ("put", "path"), [*IN_THE_WAY, *(pytest.param(*each, marks=pytest.mark.thorough) for each in IN_THE_WAY_TOO)]
)
def test_moves_existing_files_in_the_place_of_new_ones_aside(
    put: Callable[[Copy], None], path: str, service: Copy, template: Copy
) -> None:
    put(service)
    service.commit("Work")
    done = update(service)
    assert done.returncode == 0, done.stderr
    assert f"  {path} to .allium/updates/" in done.stdout
    assert "his\n" in kept(service).values() or put is his_link
    if put is his_link:
        assert (service.root / "elsewhere/added.md").read_text() == "his\n"
    if put is his_ignored_file:
        service.git("add", "--force", "docs")
    assert_healed(service, template, "v2.0.0")


def test_keeps_an_edit_that_git_hides(service: Copy, template: Copy) -> None:
    service.git("update-index", "--assume-unchanged", "noxfile.py")
    service.append("noxfile.py", "# hidden\n")
    assert update(service).returncode == 0
    assert "# hidden" in kept(service)["kept/noxfile.py"]
    assert_healed(service, template, "v2.0.0")


def test_works_in_a_git_hook(service: Copy, template: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(service.root / ".git"))
        hook.setenv("GIT_INDEX_FILE", str(service.root / ".git/index"))
        done = update(service)
    assert done.returncode == 0, done.stderr
    assert_healed(service, template, "v2.0.0")


def test_refuses_a_downgrade(service: Copy) -> None:
    answers = service.root / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("v1.0.0", "v2.0.0-3-g0123456"))
    service.commit("Of a commit after the release")
    done = update(service)
    assert done.returncode == 1
    assert done.stderr.startswith("This service has v2.0.0-3-g0123456, which is newer than v2.0.0.")


def test_changes_nothing_on_a_failure(service: Copy) -> None:
    before = contents(service.root)
    for arguments, sentence in (
        (["-d", "port=80"], "from 1024 to 65535.\nGive another answer with: nox -s update -- -d NAME=VALUE\n"),
        (["--vcs-ref", "no-such-version"], "fatal: invalid reference: no-such-version\n"),
        (["-d", "service_name=parcels"], "Your own files carry the answer service_name"),
        (["-d", "entity=parcel"], "Your own files carry the answer entity"),
    ):
        done = update(service, *arguments)
        assert done.returncode == 1
        assert done.stderr.endswith("Nothing was changed.\n"), done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
        assert (contents(service.root), service.git("status", "--porcelain")) == (before, "")


def test_applies_committed_edits_of_the_answers(service: Copy, template: Copy) -> None:
    answers = service.root / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("port: 8000", "port: 8765"))
    service.commit("Another port")
    assert [sentence.partition(";")[0] for sentence in drift(service.root)] == [".copier-answers.yml was edited"]
    assert update(service, "--vcs-ref=:current:").returncode == 0
    assert "8765" in (service.root / ".env.example").read_text()
    assert_healed(service, template, "v1.0.0")


def test_refuses_an_answer_whose_question_was_removed(service: Copy, template: Copy, tmp_path: Path) -> None:
    later = template.clone(tmp_path / "later")
    for path in (later.root / "copier.yml", *later.root.glob("template/**/*.jinja")):
        content = path.read_text(encoding="utf-8")
        path.write_text(content.replace("extra_dependencies", "further_dependencies"), encoding="utf-8")
    later.scaffold("sync")
    later.commit("v3.0.0")
    later.git("tag", "v3.0.0")
    answers = service.root / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(template.url, later.url))
    service.commit("Another address")
    before = contents(service.root)
    done = update(service)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "The new version has no question extra_dependencies, and new ones: further_dependencies."
    )
    assert "nox -s update -- -d further_dependencies=[]\n" in done.stderr
    assert contents(service.root) == before
    assert update(service, "-d", "further_dependencies=[]").returncode == 0
    assert_healed(service, later, "v3.0.0")


def test_check_reports_a_newer_version_in_one_line(service: Copy) -> None:
    older = update(service, "--check")
    assert older.returncode == 1
    assert older.stdout == "This service has v1.0.0 of its template, and there is v2.0.0; to update: nox -s update\n"
    assert service.git("status", "--porcelain") == ""
    newest = update(service, "--check", "--vcs-ref=v1.0.0")
    assert (newest.returncode, newest.stdout) == (0, "This service has the newest version of its template, v1.0.0.\n")
