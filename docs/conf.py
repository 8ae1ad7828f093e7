"""How Sphinx builds a site from the repository's documents; `./noxw -s docs` runs it."""

import tomllib
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[1]

project = "Allium"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx_copybutton"]
nitpicky = True

# The whole repository is the source, so that a link is the same here and in a view of the repository.
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "benchmarks/results/*.md", "services/*/*.md"]
exclude_patterns = [".*", "**/.*", "**/_build"]

# Headings are named as in a view of the repository.
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"Allium {release}"
html_show_copyright = False
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["site.css"]

# Nothing listens there when `./noxw -s docs -- external` asks the links.
linkcheck_ignore = [r"http://127\.0\.0\.1:"]


def setup(app: Sphinx) -> None:
    """Leave the Russian README out of the search, which lists it under the same title as the English one."""
    app.connect("env-updated", _leave_out_of_search)


def _leave_out_of_search(_app: Sphinx, env: BuildEnvironment) -> None:
    env.metadata["README.ru"]["nosearch"] = True
