"""The services do what their OpenAPI documents say, whatever Schemathesis sends: bounded, and the same each time."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

EXAMPLES = 20  # for each operation
SEED = 1
WITHOUT_AUTHENTICATION = {"users", "friends"}  # they run without AUTH_ISSUER


@pytest.mark.parametrize("service", ["users", "friends", "accounts"])
def test_answers_as_documented(urls: dict[str, str], service: str, tmp_path: Path) -> None:
    """No 5xx, no status, header, media type or body that the document does not have, no invalid request accepted."""
    (tmp_path / "openapi.json").write_text(json.dumps(document(urls[service], service)), encoding="utf-8")
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", "openapi.json", "--url", urls[service]),
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


def document(url: str, service: str) -> dict[str, object]:
    """What the service says; without the tokens that it says it needs, if it runs without authentication."""
    with urlopen(f"{url}/api/openapi.json", timeout=30) as response:  # noqa: S310 - the address of a service that was started here
        said: dict[str, dict[str, dict[str, dict[str, object]]]] = json.load(response)
    if service in WITHOUT_AUTHENTICATION:
        for operation in (operation for path in said["paths"].values() for operation in path.values()):
            operation.pop("security", None)
    return {**said}
