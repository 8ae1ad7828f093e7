"""The badges of the README say what is true now."""

import re

import pytest
import yaml

from docs.badges import FOLDER, Badge, badges
from layout import ROOT

BADGES = badges()


@pytest.mark.parametrize("badge", BADGES, ids=lambda badge: badge.label)
def test_a_badge_is_drawn_as_it_is_true(badge: Badge) -> None:
    assert badge.picture.read_text(encoding="utf-8") == badge.svg(), "draw it anew: `./noxw -s docs -- picture`"


@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_the_readme_shows_all_badges_with_their_words(page: str) -> None:
    assert "\n".join(badge.markdown for badge in BADGES) in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("badge", BADGES, ids=lambda badge: badge.label)
def test_a_click_leads_to_the_same_figures(badge: Badge) -> None:
    figures = re.findall(r"\d+ %|\d\.\d+|^MIT$", badge.value)
    page = (ROOT / badge.page).read_text(encoding="utf-8")
    assert figures
    assert [figure for figure in figures if figure not in page] == []


def test_every_week_the_share_of_the_mutants_is_enforced() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text(encoding="utf-8"))
    assert "schedule" in workflow[True]  # as YAML 1.1 reads `on`
    commands = [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "./noxw -s mutate" in commands, "with arguments it would try other mutants"


def test_no_other_badge_is_left() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(badge.picture for badge in BADGES)
