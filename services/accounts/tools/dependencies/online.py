"""Run a program that needs the package index, and say what to do if it cannot reach it; standard library only."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

KEPT_LINES = 200
INSTALL_UV = "Install it beside nox: pipx install uv (or: pip install uv)"
UNTRUSTED = """\
The certificate of the package index is not trusted. If your network has a proxy with a certificate of its own,
name a file of certificates that includes it. On Debian and Ubuntu, that of the system:
    export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"""
UNREACHABLE = """\
The package index cannot be reached. Check the network, then run the command again. Behind a proxy:
    export HTTPS_PROXY=http://HOST:PORT
With a mirror of PyPI:
    export UV_DEFAULT_INDEX=URL PIP_INDEX_URL=URL"""
# What pip and uv print.
SIGNS = {
    "CERTIFICATE_VERIFY_FAILED": UNTRUSTED,
    "certificate or crl found": UNTRUSTED,
    "invalid peer certificate": UNTRUSTED,
    "Could not find a suitable TLS CA certificate bundle": UNTRUSTED,
    "connection broken by": UNREACHABLE,
    "client error (Connect)": UNREACHABLE,
    "error sending request": UNREACHABLE,
    "operation timed out": UNREACHABLE,
    "Read timed out": UNREACHABLE,
}


def run_online(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    close_fds: bool = True,
) -> None:
    """Run a command and show its errors as they come.

    Raises `CalledProcessError`, whose `stderr` holds the last of these errors, if it fails.
    """
    last: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        command, cwd=cwd, env=env, close_fds=close_fds, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        for line in process.stderr or ():
            print(line, end="", file=sys.stderr, flush=True)
            last.append(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr="".join(last))


def advice(errors: str) -> str:
    """Return what to do about errors of pip or uv, ending with a line break; empty if they are about something else."""
    return next((f"{text}\n" for sign, text in SIGNS.items() if sign in errors), "")
