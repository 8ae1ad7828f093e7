"""A service in somebody else's repository, made from the URL of this one, through successive versions."""

from pathlib import Path

import pytest
from versions import change_template, own_files
from working_copy import Copy

from layout import ANSWERS

PACKAGE = "src/orders_service"


@pytest.fixture
def stranger(tmp_path: Path) -> Copy:
    folder = tmp_path / "somebody else's"
    folder.mkdir()
    copy = Copy(folder)
    copy.git("init", "--quiet")
    return copy


def generate(stranger: Copy, template: Copy, folder: str) -> None:
    url = f"git+file://{template.root}"
    done = stranger.copier(
        "copy", "--defaults", "--quiet", "-d", "service_name=orders", url.replace(" ", "%20"), folder
    )
    assert done.returncode == 0, done.stderr
    stranger.commit("Generate orders")


def work(service: Copy) -> None:
    service.append(f"{PACKAGE}/main.py", "# ours\n")
    service.append(f"{PACKAGE}/core/services/orders.py", "# ours\n")
    (service.root / PACKAGE / "core/errors.py").rename(service.root / PACKAGE / "core/failures.py")
    (service.root / "tests/core/test_errors.py").unlink()
    service.write(f"{PACKAGE}/core/entities/ours.py", "# ours\n")
    service.commit("Work")


@pytest.mark.parametrize(("folder", "tag"), [(".", "v"), ("back end/orders", None)], ids=["own root", "subfolder"])
def test_takes_the_next_version_and_keeps_every_line(
    clone: Copy,
    stranger: Copy,
    folder: str,
    tag: str | None,
    tmp_path: Path,
) -> None:
    if tag:
        clone.git("tag", f"{tag}1.0.0")
    generate(stranger, clone, folder)
    service = Copy(stranger.root / folder)
    work(service)
    before = own_files(service.root)
    change_template(clone)
    if tag:
        clone.git("tag", f"{tag}2.0.0")

    done = service.python("tools/update.py")
    assert done.returncode == 0, done.stderr
    assert "noxfile.py" in done.stdout
    assert own_files(service.root) == before
    service.commit("Update")

    fresh = Copy(tmp_path / "fresh")
    fresh.root.mkdir()
    fresh.git("init", "--quiet")
    generate(fresh, clone, ".")
    owned = {path for path in fresh.git("ls-files").split() if path not in own_files(fresh.root) and path != ANSWERS}
    assert {path: (service.root / path).read_bytes() for path in owned} == {
        path: (fresh.root / path).read_bytes() for path in owned
    }
    assert set(service.git("ls-files").split("\n")) - set(before) - {""} == owned | {ANSWERS}


def test_update_refuses_uncommitted_changes_with_a_sentence(clone: Copy, stranger: Copy) -> None:
    generate(stranger, clone, ".")
    stranger.append("README.md", "edited\n")
    done = stranger.python("tools/update.py")
    assert done.returncode == 1
    assert "Commit, stage or remove these first" in done.stderr
    assert "README.md" in done.stderr


def test_update_names_the_files_with_conflicts(clone: Copy, stranger: Copy) -> None:
    generate(stranger, clone, ".")
    stranger.append("noxfile.py", "# edited, although it is the template's\n")
    stranger.commit("Edit an owned file")
    clone.append("template/noxfile.py", "# changed\n")
    clone.commit("Change the template")
    done = stranger.python("tools/update.py")
    assert done.returncode == 1
    assert "These files have conflicts:\nnoxfile.py\n" in done.stderr
