"""Make a site of the repository's documents in docs/_build; a warning, such as a dead link, is an error.

python -m docs.build_site              the site; links inside the repository are checked, no network is used
python -m docs.build_site external     only asks every address outside whether it answers
"""

import subprocess
import sys
from pathlib import Path

from layout import ROOT

SPHINX = ROOT / "docs/.venv/bin/sphinx-build"


def build(root: Path, builder: str) -> int:
    """Run a builder of Sphinx over the documents below `root`; return its exit code."""
    strict = ("--fail-on-warning", "--keep-going", "--quiet")
    folders = ("-c", root / "docs", root, root / "docs/_build" / builder)
    return subprocess.run([SPHINX, *strict, "-b", builder, *folders], check=False).returncode


def main() -> int:
    """Build or ask; return Sphinx's exit code."""
    builder = "linkcheck" if sys.argv[1:] == ["external"] else "html"
    code = build(ROOT, builder)
    if builder == "html" and not code:
        print("The site is docs/_build/html/index.html.")
    return code


if __name__ == "__main__":
    sys.exit(main())
