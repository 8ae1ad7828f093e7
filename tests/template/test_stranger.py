"""A service in another repository, generated from the URL of this one, through successive versions."""

from pathlib import Path

import pytest
from promises import promises_kept
from versions import change_questions, change_template, give_away
from working_copy import Copy

from dependencies import lock
from layout import listed
from template.rendering import belongs_to_service

PACKAGE = "src/orders_service"


@pytest.fixture
def stranger(tmp_path: Path) -> Copy:
    folder = tmp_path / "somebody else's"
    folder.mkdir()
    copy = Copy(folder)
    copy.git("init", "--quiet")
    return copy


def generate(stranger: Copy, template: Copy, folder: str) -> None:
    done = stranger.copier("copy", "--defaults", "--quiet", "-d", "service_name=orders", template.url, folder)
    assert done.returncode == 0, done.stderr
    stranger.commit("Generate orders")


def work(service: Copy, turn: int) -> None:
    """Edit, delete, rename and add files as a team does, everything but the locks."""
    own = [path for path in listed(service.root, "src", "tests", "migrations") if belongs_to_service(path)]
    for path in own:
        service.append(str(path), f"# ours, in turn {turn}\n")
    (service.root / own[turn]).unlink()
    (service.root / own[-turn]).rename(service.root / own[-turn].with_name(f"renamed_{turn}.py"))
    service.write(f"{PACKAGE}/core/entities/ours_{turn}.py", "# ours\n")
    service.write(f"docs/ours {turn}.md", "Ours, in a folder of nobody.\n")
    service.commit("Work")


def update(service: Copy) -> str:
    done = service.python("-m", "updates.update")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.thorough
def test_updates_through_three_versions_and_keeps_every_line(clone: Copy, stranger: Copy) -> None:
    clone.git("tag", "v1.0.0")
    generate(stranger, clone, ".")
    versions = ((change_template, "noxfile.py"), (change_questions, "docs/colour.md"), (give_away, "noxfile.py"))
    for turn, (change, changed) in enumerate(versions, start=1):
        work(stranger, turn)
        change(clone)
        clone.git("tag", f"v{turn + 1}.0.0")
        with promises_kept(stranger, clone, old=f"v{turn}.0.0", new=f"v{turn + 1}.0.0"):
            assert changed in update(stranger)
        stranger.commit("Update")
    assert update(stranger) == "Nothing changed; this is the newest version.\n"


def test_updates_without_tags_and_in_a_subfolder(clone: Copy, stranger: Copy) -> None:
    generate(stranger, clone, "back end/orders")
    service = Copy(stranger.root / "back end/orders")
    work(service, 1)
    change_template(clone)
    with promises_kept(service, clone, old="HEAD~1", new="HEAD"):
        assert "noxfile.py" in update(service)


def test_update_refuses_uncommitted_changes(clone: Copy, stranger: Copy) -> None:
    generate(stranger, clone, ".")
    stranger.append("README.md", "edited\n")
    stranger.append("noxfile.py", "# edited\n")
    stranger.git("add", "noxfile.py")
    done = stranger.python("-m", "updates.update")
    assert done.returncode == 1
    assert "Commit or remove these first" in done.stderr
    assert "README.md\nM  noxfile.py\n" in done.stderr


def test_update_locks_again_if_the_template_has_other_dependencies(clone: Copy, stranger: Copy) -> None:
    generate(stranger, clone, ".")
    pyproject = clone.root / "template/pyproject.toml.jinja"
    content = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(
        content.replace("dependencies = [\n", 'dependencies = [\n    "humanize>=4",\n', 1), encoding="utf-8"
    )
    clone.commit("Depend on something else")
    assert " M requirements.txt" in update(stranger)
    assert "\nhumanize==" in (stranger.root / "requirements.txt").read_text(encoding="utf-8")
    assert lock.stale(stranger.root) == []
