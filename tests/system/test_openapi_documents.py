"""The services do what their OpenAPI documents say, whatever Schemathesis sends: bounded, and the same each time."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = 20  # for each operation
SEED = 1


@pytest.mark.parametrize("service", ["users", "friends", "accounts"])
def test_answers_as_documented(urls: dict[str, str], service: str, tmp_path: Path) -> None:
    """No 5xx, no status, header, media type or body that the document does not have, no invalid request accepted."""
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{urls[service]}/api/openapi.json"),
            *("--seed", str(SEED), "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-color"),
            # A schema cannot say that two ids differ, what day is today, or which cursors there are.
            *("--exclude-checks", "positive_data_acceptance", "--warnings", "off"),
        ],
        cwd=tmp_path,
        check=False,
        timeout=500,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
