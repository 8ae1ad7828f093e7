from pathlib import Path

import pytest

from template.rendering import belongs_to_service, plain_copy, questionnaire, render, service_files

EXPECTED_OWNED = {"README.md", "pyproject.toml", "noxfile.py", "Dockerfile", "compose.yml", "tests/conftest.py"}
IF_NEED_BE = {"/src/*_service/commands.py", "/ruff.toml", "/compose.override.yml", "/NOTES.md"}
"""Which a service has if it writes them."""


@pytest.fixture(scope="module")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[Path], set[Path]]:
    """Return the files of a new service, and those that sync renders."""
    found = []
    for seed in (True, False):
        folder = tmp_path_factory.mktemp("service") / "orders"
        render(folder, {"service_name": "orders", "kubernetes": True}, seed=seed)
        found.append({path.relative_to(folder) for path in folder.rglob("*") if path.is_file()})
    return found[0], found[1]


def test_every_rendered_file_has_exactly_one_owner(
    renderings: tuple[set[Path], set[Path]],
) -> None:
    everything, owned = renderings
    assert owned <= everything
    assert {path for path in everything if belongs_to_service(path)} == everything - owned


def test_every_ownership_pattern_matches_a_seed_file(
    renderings: tuple[set[Path], set[Path]],
) -> None:
    everything, owned = renderings
    for pattern in set(service_files(questionnaire())) - IF_NEED_BE:
        top = pattern.removeprefix("/").replace("*_service", "orders_service")
        assert any(path.is_relative_to(top) for path in everything - owned), f"{pattern} matches nothing"


def test_important_files_are_owned_by_the_template(renderings: tuple[set[Path], set[Path]]) -> None:
    assert {path.as_posix() for path in renderings[1]} >= EXPECTED_OWNED


def test_copier_excludes_and_skips_the_same_files() -> None:
    assert questionnaire()["_exclude"] == questionnaire()["_skip_if_exists"]


def test_every_template_file_is_rendered_for_some_answers(tmp_path: Path) -> None:
    rendered: set[str] = set()
    for ci, sample in (("github", True), ("gitlab", False)):
        folder = tmp_path / ci
        given = {"service_name": "orders", "ci": ci, "sample": sample, "upstreams": ["users"], "kubernetes": sample}
        render(folder, given, seed=True)
        rendered |= {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert len(rendered) == len([path for path in (plain_copy() / "template").rglob("*") if path.is_file()])


def test_template_needs_no_trust_option() -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(questionnaire())
