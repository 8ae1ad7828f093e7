"""Build a site of the repository's documents in docs/_build; a warning, such as a dead link, is an error.

python -m docs.build_site              build the site; links inside the repository are checked, no network is used
python -m docs.build_site --open       the same, and open it in the browser
python -m docs.build_site external     only check the links to other sites
"""

import argparse
import subprocess
import sys
import webbrowser
from pathlib import Path

from invocation import command
from layout import ROOT

SPHINX = ROOT / "docs/.venv/bin/sphinx-build"
FIRST_PAGE = "docs/_build/html/index.html"


def build(root: Path, builder: str) -> int:
    """Run a builder of Sphinx over the documents below `root`; return its exit code."""
    strict = ("--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto")
    every = ("--write-all",)  # each page contains the navigation
    folders = ("-c", root / "docs", root, root / "docs/_build" / builder)
    return subprocess.run([SPHINX, *strict, *every, "-b", builder, *folders], check=False).returncode


def main() -> int:
    """Build the site and print its address, or check external links; return Sphinx's exit code."""
    parser = argparse.ArgumentParser(prog=command("docs"), description="Build the site of the documents.")
    parser.add_argument("what", nargs="?", choices=["external"], help="only check the links to other sites")
    parser.add_argument("--open", action="store_true", help="open the site in the browser")
    options = parser.parse_args()
    if options.what == "external":
        return build(ROOT, "linkcheck")
    code = build(ROOT, "html")
    if not code:
        address = (ROOT / FIRST_PAGE).as_uri()
        print(f"The site is ready: {address}")
        if options.open and not webbrowser.open(address):
            print("No browser was found; open the address yourself.")
    return code


if __name__ == "__main__":
    sys.exit(main())
