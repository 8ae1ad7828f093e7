"""`copier update` in this repository: owned files follow the template, domain files stay."""

from pathlib import Path

import pytest
from versions import change_template, own_files
from working_copy import Copy

import layout
from template import rendering

SERVICES = ("users",)


@pytest.fixture
def clone(original_of_users: Copy, tmp_path: Path) -> Copy:
    """Return a clone with one service instead of three, since all behave the same."""
    return original_of_users.clone(tmp_path / "a clone")


def edit_domain(copy: Copy, service: str) -> None:
    """Edit, delete, rename and add domain files as a team does."""
    package = Path(f"services/{service}/src/{service}_service")
    copy.append(f"{package}/main.py", "# ours\n")
    (copy.root / package / "core/errors.py").rename(copy.root / package / "core/failures.py")
    (copy.root / f"services/{service}/tests/core/test_errors.py").unlink()
    copy.write(f"{package}/core/entities/ours.py", "# ours\n")
    copy.commit(f"Work on {service}")


@pytest.mark.thorough
def test_update_from_the_root_changes_only_owned_files(clone: Copy) -> None:
    """With tags; the other tests have none."""
    for service in SERVICES:
        edit_domain(clone, service)
    clone.git("tag", "v0.1.0")
    before = {service: own_files(clone.root / "services" / service) for service in SERVICES}
    change_template(clone)
    clone.git("tag", "v0.2.0")
    for service in SERVICES:
        done = clone.copier("update", "--defaults", "--quiet", f"services/{service}")
        assert done.returncode == 0, done.stderr
        clone.git("add", "--all")
    assert clone.conflicts() == []
    assert {service: own_files(clone.root / "services" / service) for service in SERVICES} == before
    drift = clone.scaffold("drift")
    assert drift.returncode == 0, drift.stdout
    assert clone.scaffold("sync").returncode == 0
    for service in SERVICES:
        clone.git("merge-base", "--is-ancestor", clone.anchor(service), "HEAD")


def test_sync_changes_nothing_in_a_clean_tree(clone: Copy) -> None:
    """A commit cannot contain its own hash; the commit of a service is recorded with the next change."""
    clone.append("template/noxfile.py", "# changed\n")
    clone.scaffold("sync")
    commit = clone.commit("Change the template and synchronise")
    assert clone.scaffold("sync").stdout.splitlines() == [f"services/{service}: nothing to do" for service in SERVICES]
    assert clone.git("status", "--porcelain") == ""
    clone.append("template/noxfile.py", "# changed again\n")
    clone.scaffold("sync")
    assert clone.anchor("users") == commit


@pytest.mark.thorough
def test_recording_the_commit_prevents_conflicts_in_the_next_update(clone: Copy) -> None:
    """`./noxw -s update` does this."""
    clone.append("template/noxfile.py", "# changed\n")
    clone.scaffold("sync")
    commit = clone.commit("Change the template and synchronise")
    clone.scaffold("sync", "--anchor")
    assert clone.anchor("users") == commit
    clone.commit("Anchor")
    clone.append("template/noxfile.py", "# changed again\n")
    clone.commit("Change the template again")
    done = clone.copier("update", "--defaults", "--quiet", "services/users")
    assert done.returncode == 0, done.stderr
    assert clone.conflicts() == []
    assert (clone.root / "services/users/noxfile.py").read_text(encoding="utf-8").endswith("changed\n# changed again\n")


@pytest.mark.thorough
def test_sync_before_an_update_corrects_the_recorded_commit(clone: Copy) -> None:
    """`./noxw -s update` does this; `copier update` alone would compare with the version before that commit."""
    replace_last_line(clone, "# changed\n")
    clone.scaffold("sync")
    clone.commit("Change the template and synchronise")
    replace_last_line(clone, "# changed again\n")
    clone.commit("Change the same line again")
    assert clone.copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", "services/users").returncode == 0
    assert clone.conflicts() == ["services/users/noxfile.py"]
    clone.git("reset", "--quiet", "--hard")

    assert clone.scaffold("sync").returncode == 0
    clone.commit("Synchronise")
    assert clone.copier("update", "--defaults", "--quiet", "--vcs-ref", "HEAD", "services/users").returncode == 0
    assert clone.conflicts() == []
    assert (clone.root / "services/users/noxfile.py").read_text(encoding="utf-8").endswith("\n# changed again\n")


@pytest.mark.thorough
def test_sync_works_after_a_squash_and_records_an_existing_commit(clone: Copy, tmp_path: Path) -> None:
    begin = clone.git("rev-parse", "HEAD").strip()
    clone.append("template/noxfile.py", "# changed\n")
    lost = clone.commit("Change the template")
    clone.scaffold("sync")
    clone.commit("Synchronise")
    clone.git("reset", "--quiet", "--soft", begin)
    kept = clone.commit("Both in one")
    squashed = clone.clone(tmp_path / "squashed")
    assert squashed.anchor("users") == lost
    assert "Unknown revision" in squashed.copier("update", "--defaults", "services/users").stderr

    assert squashed.scaffold("drift").returncode == 0
    assert squashed.scaffold("sync").returncode == 0
    assert squashed.anchor("users") == kept
    squashed.commit("Anchor")
    squashed.append("template/noxfile.py", "# changed again\n")
    squashed.commit("Change the template again")
    done = squashed.copier("update", "--defaults", "--quiet", "services/users")
    assert (done.returncode, squashed.conflicts()) == (0, []), done.stderr


def replace_last_line(copy: Copy, line: str) -> None:
    file = copy.root / "template/noxfile.py"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:-1], line]), encoding="utf-8")


def test_records_a_commit_of_digits_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "commit", lambda: "8249228")
    rendering.render(tmp_path / "orders", {"service_name": "orders"}, seed=False)
    assert layout.answers(tmp_path / "orders")["_commit"] == "8249228"
