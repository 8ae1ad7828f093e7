"""The badges of the README say what is true now."""

import pytest

from docs.badges import FOLDER, Badge, badges
from layout import ROOT

BADGES = badges()


@pytest.mark.parametrize("badge", BADGES, ids=lambda badge: badge.label)
def test_a_badge_is_drawn_as_it_is_true(badge: Badge) -> None:
    assert badge.picture.read_text(encoding="utf-8") == badge.svg(), "draw it anew: `./noxw -s docs -- picture`"


@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_the_readme_shows_all_badges_with_their_words(page: str) -> None:
    assert "\n".join(badge.markdown for badge in BADGES) in (ROOT / page).read_text(encoding="utf-8")


def test_no_other_badge_is_left() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(badge.picture for badge in BADGES)
