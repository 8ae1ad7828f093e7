"""Where the package index cannot be reached, the tools say what to do."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dependencies.online import UNREACHABLE, UNTRUSTED, advice
from layout import ROOT

from ..terminal import at_terminal

FROM_PIP = "WARNING: Retrying (Retry(total=0)) after connection broken by "


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (f"{FROM_PIP}'NewConnectionError('Failed to establish a new connection: [Errno -3] …')'", UNREACHABLE),
        (f"{FROM_PIP}'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] …'))'", UNTRUSTED),
        ("error: Failed to fetch: …\n  cause: client error (Connect)\n  cause: dns error", UNREACHABLE),
        ("  cause: client error (Connect)\n  cause: invalid peer certificate: UnknownIssuer", UNTRUSTED),
    ],
)
def test_tells_an_untrusted_certificate_from_an_unreachable_index(printed: str, expected: str) -> None:
    assert advice(printed) == f"{expected}\n"


def test_has_no_advice_for_other_errors() -> None:
    assert advice("error: hash mismatch") == ""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "services/users/requirements-dev.txt", tmp_path)
    return tmp_path


def test_an_installation_without_network_says_what_to_do_below_what_uv_says(service: Path) -> None:
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple", "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "dependencies.environment"],
        cwd=service,
        env={**os.environ, **nowhere, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},  # with uv
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert done.stderr.endswith(f"uv could not create {service}/.venv; see above.\n{UNREACHABLE}\n")
    assert not (service / ".venv/made-from").exists()


def test_says_why_packages_are_installed_again(service: Path) -> None:
    uv = service / "uv"
    uv.write_text("#!/bin/sh\nmkdir -p .venv\n", "utf-8")
    uv.chmod(0o755)

    def printed() -> str:
        env = {**os.environ, "PATH": f"{service}:{os.environ['PATH']}"}
        command = [sys.executable, "-m", "dependencies.environment"]
        return subprocess.run(command, cwd=service, env=env, stderr=subprocess.PIPE, text=True, check=True).stderr

    assert printed().startswith("Installing ")
    assert printed() == ""
    with (service / "requirements-dev.txt").open("a") as file:
        file.write("\n")
    assert printed().startswith("requirements-dev.txt changed: installing ")
    stamp = service / ".venv/made-from"
    stamp.write_text("another digest\n" + json.dumps({"Python": "3.10.1 in /usr"}))
    assert printed().startswith(f"Python changed from 3.10.1 in /usr to {platform.python_version()} in ")
    stamp.write_text("the digest of an earlier version")
    assert printed().startswith("Python or requirements-dev.txt changed: installing ")


def test_ctrl_c_ends_an_installation_without_a_traceback(service: Path) -> None:
    uv = service / "uv"
    uv.write_text('#!/bin/sh\necho "uv $1"\n[ "$1" = venv ] || sleep 60\n', "utf-8")
    uv.chmod(0o755)
    env = {**os.environ, "PATH": f"{service}:{os.environ['PATH']}"}
    with at_terminal([sys.executable, "-m", "dependencies.environment"], cwd=service, env=env) as (process, terminal):
        terminal.read_until("uv pip")
        terminal.press("\x03")
        assert process.wait(60) != 0
        assert not terminal.shows("Traceback", seconds=1)
