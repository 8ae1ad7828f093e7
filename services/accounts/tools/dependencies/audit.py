"""Check everything that the locks of the current folder pin for known vulnerabilities; needs the network.

python -m dependencies.audit [options of `uv audit`, such as --ignore ID]
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dependencies.online import INSTALL_UV, advice

LOCKS = ("requirements*.txt", "tools/**/*requirements.txt", "docs/requirements*.txt")
AUDIT = ("uv", "audit", "--preview-features", "audit-command")
FAILED = 2
PROJECT = """\
[project]
name = "locked"
version = "0"
requires-python = ">=3.11"
dependencies = {pins}
[tool.uv]
package = false
"""


def pins(folder: Path) -> list[str]:
    """Return the pinned requirements of all locks, for every platform, without hashes."""
    locks = [path for pattern in LOCKS for path in folder.glob(pattern)]
    lines = [line for path in locks for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted({line.removesuffix("\\").strip() for line in lines if line[:1].isalnum()})


def audit(folder: Path, options: list[str]) -> int:
    """Return 0 without known vulnerabilities, 1 with some, and 2 if uv failed, after one line that says why."""
    with tempfile.TemporaryDirectory() as temporary:
        # uv audits projects, not requirements: this project depends on exactly the pins.
        project = PROJECT.format(pins=json.dumps(pins(folder)))
        (Path(temporary) / "pyproject.toml").write_text(project, encoding="utf-8")
        done = subprocess.run([*AUDIT, *options], cwd=temporary, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == FAILED:
        lines = [line.strip().partition(": ") for line in done.stderr.splitlines()]
        reasons = [reason for kind, _, reason in lines if kind in {"error", "cause"}]
        print(
            f"Nothing was audited, as uv failed: {'; '.join(reasons)}.\n{advice(done.stderr)}", end="", file=sys.stderr
        )
    else:
        print(done.stderr, end="", file=sys.stderr)
    return done.returncode


def main() -> int:
    """Audit the current folder; return 2 if uv is missing."""
    if not shutil.which("uv"):
        print(f"uv is needed to audit. {INSTALL_UV}", file=sys.stderr)
        return FAILED
    return audit(Path.cwd(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
