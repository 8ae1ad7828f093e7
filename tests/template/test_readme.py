"""The README of a generated service is correct wherever the service is."""

import re
from pathlib import Path

import pytest
from working_copy import Copy

TUTORIAL = re.compile(r"\[tutorial\]\((.*?)\)")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Copy:
    """Return a repository without the template."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    copy = Copy(folder)
    copy.git("init", "--quiet")
    return copy


def readme(elsewhere: Copy, source: str) -> str:
    done = elsewhere.copier("copy", "--defaults", "--quiet", "-d", "service_name=orders", source, ".")
    assert done.returncode == 0, done.stderr
    drift = elsewhere.python("-m", "updates.drift", path=["tools"])
    assert drift.returncode == 0, drift.stderr
    return (elsewhere.root / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://github.com/example/allium.git", "https://github.com/example/allium/blob/HEAD/docs/tutorial.md"),
        pytest.param(
            "git@gitlab.example.org:a/b.git",
            "https://gitlab.example.org/a/b/-/blob/HEAD/docs/tutorial.md",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_links_to_the_documents_at_the_host_of_the_template(
    source: str, link: str, clone: Copy, elsewhere: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")  # git reads the host's repository from the clone
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{clone.root}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", source)
    assert TUTORIAL.findall(readme(elsewhere, source)) == [link]


@pytest.mark.thorough
def test_names_the_documents_if_the_host_of_the_template_is_unknown(clone: Copy, elsewhere: Copy) -> None:
    text = readme(elsewhere, clone.url)
    assert "tutorial (`docs/tutorial.md`)" in text
    assert "pipx ensurepath" in text
    assert "nox -s update" in text
    assert "./noxw" not in text


def test_links_to_local_documents_and_commands_next_to_the_template(clone: Copy) -> None:
    folder = clone.root / "services/users"
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert TUTORIAL.findall(text) == ["../../docs/tutorial.md"]
    assert "./noxw sync" in text
    assert "nox -s update" not in text
    done = clone.copier("update", "--defaults", "--quiet", "services/users")
    assert done.returncode == 0, done.stderr
    assert (folder / "README.md").read_text(encoding="utf-8") == text
