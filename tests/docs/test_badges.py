"""The badges of the README are up to date."""

import re

import pytest
import yaml

from docs.badges import FOLDER, Badge, badges
from layout import ROOT

BADGES = badges()


@pytest.mark.parametrize("badge", BADGES, ids=lambda badge: badge.label)
def test_badge_picture_is_up_to_date(badge: Badge) -> None:
    assert badge.picture.read_text(encoding="utf-8") == badge.svg(), "redraw it: `./noxw -s docs -- picture`"


@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_readme_shows_all_badges_with_alternative_texts(page: str) -> None:
    assert "\n".join(badge.markdown for badge in BADGES) in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("badge", BADGES, ids=lambda badge: badge.label)
def test_linked_page_contains_the_figures_of_the_badge(badge: Badge) -> None:
    figures = re.findall(r"\d+ %|\d\.\d+|^MIT$", badge.value)
    page = (ROOT / badge.page).read_text(encoding="utf-8")
    assert figures
    assert [figure for figure in figures if figure not in page] == []


def test_weekly_workflow_enforces_the_mutation_score() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text(encoding="utf-8"))
    assert "schedule" in workflow[True]  # YAML 1.1 parses `on` as true
    commands = [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "./noxw -s mutate" in commands, "arguments would select other mutants"


def test_there_are_no_outdated_badge_pictures() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(badge.picture for badge in BADGES)
