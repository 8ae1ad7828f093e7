from pathlib import Path

import pytest

from template.rendering import belongs_to_service, plain_copy, questionnaire, render, service_files

EXPECTED_OWNED = {"README.md", "pyproject.toml", "noxfile.py", "Dockerfile", "compose.yml", "tests/conftest.py"}
IF_NEED_BE = {"/src/*_service/commands.py", "/ruff.toml", "/compose.override.yml", "/NOTES.md"}
"""Which a service has if it writes them."""


@pytest.fixture(scope="module")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[Path], set[Path]]:
    """The files of a new service, and those that sync renders."""
    found = []
    for seed in (True, False):
        folder = tmp_path_factory.mktemp("service") / "orders"
        render(folder, {"service_name": "orders", "kubernetes": True}, seed=seed)
        found.append({path.relative_to(folder) for path in folder.rglob("*") if path.is_file()})
    return found[0], found[1]


def test_every_rendered_file_is_owned_or_the_services_own_and_none_is_both(
    renderings: tuple[set[Path], set[Path]],
) -> None:
    everything, owned = renderings
    assert owned <= everything
    assert {path for path in everything if belongs_to_service(path)} == everything - owned


def test_every_pattern_of_the_ownership_list_matches_a_seeded_file(
    renderings: tuple[set[Path], set[Path]],
) -> None:
    everything, owned = renderings
    for pattern in set(service_files(questionnaire())) - IF_NEED_BE:
        top = pattern.removeprefix("/").replace("*_service", "orders_service")
        assert any(path.is_relative_to(top) for path in everything - owned), f"{pattern} matches nothing"


def test_the_files_one_relies_on_are_owned(renderings: tuple[set[Path], set[Path]]) -> None:
    assert {path.as_posix() for path in renderings[1]} >= EXPECTED_OWNED


def test_both_uses_of_the_ownership_list_are_that_list() -> None:
    assert questionnaire()["_exclude"] == questionnaire()["_skip_if_exists"]


def test_every_file_of_the_template_is_rendered_for_some_answers(tmp_path: Path) -> None:
    rendered: set[str] = set()
    for ci, sample in (("github", True), ("gitlab", False)):
        folder = tmp_path / ci
        given = {"service_name": "orders", "ci": ci, "sample": sample, "upstreams": ["users"], "kubernetes": sample}
        render(folder, given, seed=True)
        rendered |= {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert len(rendered) == len([path for path in (plain_copy() / "template").rglob("*") if path.is_file()])


def test_a_stranger_needs_no_trust() -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(questionnaire())
