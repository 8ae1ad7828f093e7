import json
import shutil
import tomllib
from pathlib import Path

import pytest

from docs.build_site import build
from layout import ROOT

LINKS = "[file](../copier.yml) [page](page.md) [heading](page.md#two-words) [own](#index)\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a repository of two pages with our configuration."""
    for name in ("pyproject.toml", "copier.yml", "docs/conf.py", "docs/site/index.html", "docs/static/site.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "docs/index.md").write_text(f"# Index\n\n{LINKS}\n```{{toctree}}\npage\n```\n", encoding="utf-8")
    (tmp_path / "docs/page.md").write_text("# Page\n\n## Two words\n", encoding="utf-8")
    return tmp_path


def test_builds_a_site_with_a_start_page(small: Path) -> None:
    assert build(small, "html") == 0
    root = (small / "docs/_build/html/index.html").read_text(encoding="utf-8")
    assert 'href="docs/index.html"' in root
    assert (small / "docs/_build/html/docs/index.html").is_file()


DEAD = (
    "[no such file](../nowhere.yml)",
    "[no such page](nowhere.md)",
    "[no such heading](page.md#three-words)",
    "[no such heading here](#nowhere)",
    "![no such picture](nowhere.svg)",
)


def test_fails_for_each_dead_link(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (small / "docs/page.md").open("a", encoding="utf-8") as page:
        page.write("".join(f"\n{line}\n" for line in DEAD))
    assert build(small, "html") != 0
    warnings = capfd.readouterr().err
    for line, _ in enumerate(DEAD):
        assert f"page.md:{5 + 2 * line}: WARNING" in warnings


def test_updates_the_navigation_of_unchanged_pages(small: Path) -> None:
    assert build(small, "html") == 0
    (small / "docs/new.md").write_text("# New\n", encoding="utf-8")
    index = (small / "docs/index.md").read_text(encoding="utf-8")
    (small / "docs/index.md").write_text(index.replace("\npage\n", "\npage\nnew\n"), encoding="utf-8")
    assert build(small, "html") == 0
    assert 'href="new.html"' in (small / "docs/_build/html/docs/page.html").read_text(encoding="utf-8")


def test_fails_for_a_page_missing_from_the_navigation(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (small / "docs/lost.md").write_text("# Lost\n", encoding="utf-8")
    assert build(small, "html") != 0
    assert "lost.md: WARNING" in capfd.readouterr().err


@pytest.fixture(scope="module")
def site() -> Path:
    """Return our own site, which the session has built already."""
    assert build(ROOT, "html") == 0
    return ROOT / "docs/_build/html"


def test_search_names_only_one_page_allium(site: Path) -> None:
    script = (site / "searchindex.js").read_text(encoding="utf-8")
    titles = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))["titles"]
    assert titles.count("Allium") == 1


@pytest.mark.parametrize("word", ["debugger", "psql", "reload"])
def test_search_leads_to_the_page_for_developers(word: str, site: Path) -> None:
    script = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))
    page = index["docnames"].index("docs/development")
    found = [index[where].get(stem, []) for where in ("terms", "titleterms") for stem in (word, word[:-2])]
    assert page in [each for pages in found for each in (pages if isinstance(pages, list) else [pages])]


def test_decisions_are_one_collapsed_entry_of_the_navigation(site: Path) -> None:
    page = (site / "docs/index.html").read_text(encoding="utf-8")
    navigation = page[page.index('class="sidebar-tree"') : page.index("</aside>")]
    decisions = navigation[navigation.index("decisions/index.html") :]
    assert decisions.index('class="toctree-checkbox"') < decisions.index("decisions/0001-")
    assert navigation.count('<li class="toctree-l1"><a class="reference internal" href="decisions/') == 0


def test_a_page_has_the_version_its_source_and_copy_buttons(site: Path) -> None:
    page = (site / "docs/index.html").read_text(encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"Allium {version}" in page
    assert "_sources/docs/index.md.txt" in page
    assert "copybutton.js" in page
