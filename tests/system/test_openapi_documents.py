"""The services behave as their OpenAPI documents say for a bounded, reproducible run of Schemathesis."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from issuer import Issuer
from people import new_person

from system.running import System

EXAMPLES = 12  # per operation and mode of the service
SEED = 1


@pytest.mark.parametrize(
    "issuer",
    [pytest.param(False, id="open", marks=pytest.mark.thorough), pytest.param(True, id="authenticated")],
    indirect=True,
)
@pytest.mark.parametrize("service", ["users", "friends"])
def test_responds_as_documented(urls: dict[str, str], issuer: Issuer | None, service: str, tmp_path: Path) -> None:
    hold_against_its_document(urls[service], tmp_path, token=issuer.token() if issuer else None)


async def test_accounts_responds_as_documented(whole_system: System, tmp_path: Path) -> None:
    url = whole_system.url("accounts")
    person = await new_person(url)
    hold_against_its_document(url, tmp_path, token=person.access_token)


def hold_against_its_document(url: str, folder: Path, *, token: str | None) -> None:
    """Check for 5xx, for undocumented statuses, headers, media types or bodies, and for accepted invalid requests."""
    (folder / "openapi.json").write_text(json.dumps(document(url, is_open=token is None)), encoding="utf-8")
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", "openapi.json", "--url", url),
            *(("--header", f"Authorization: Bearer {token}") if token else ()),
            *("--seed", str(SEED), "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-color"),
            # A schema cannot express that two ids differ, today's date, or which cursors exist.
            *("--exclude-checks", "positive_data_acceptance", "--warnings", "off"),
        ],
        cwd=folder,
        check=False,
        timeout=500,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def document(url: str, *, is_open: bool) -> dict[str, object]:
    """Return the document of the service, without security requirements if it runs without authentication."""
    with urlopen(f"{url}/api/openapi.json", timeout=30) as response:  # noqa: S310 - the address of a service that was started here
        said: dict[str, dict[str, dict[str, dict[str, object]]]] = json.load(response)
    if is_open:
        for operation in (operation for path in said["paths"].values() for operation in path.values()):
            operation.pop("security", None)
    return {**said}
