"""Load on one server: by wrk where it is installed, else by a client of our own."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GRACE_SECONDS = 30  # wrk waits for nothing, but a busy machine may


class LoadFailure(Exception):
    """The load generator failed, or no request to a server succeeded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What clients saw of a server; latencies are of answered requests, in milliseconds."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Successful requests per second."""
        return max(0, self.requests - self.failed) / self.seconds


def generator() -> str:
    """Return the name of the load generator that will be used."""
    return "wrk" if shutil.which("wrk") else "benchmarks/load_client.py"


def put_load(url: str, requests: Path, *, connections: int, seconds: float) -> Load:
    """Send the prepared requests in turn over keep-alive connections; raises `LoadFailure`.

    Each connection sends its next request when it has the answer to the last.
    """
    if generator() == "wrk":
        options = ["-t1", f"-c{connections}", f"-d{round(seconds)}s", "--timeout", "10s"]
        command = ["wrk", *options, "-s", str(HERE / "requests.lua"), url, "--", str(requests)]
    else:
        script = str(HERE / "load_client.py")
        command = [sys.executable, script, url, str(requests), str(connections), str(seconds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS)
    _, found, result = done.stdout.partition("RESULT ")
    if done.returncode != 0 or not found:
        raise LoadFailure(f"{command[0]} failed: {done.stdout} {done.stderr}")
    return Load(**json.loads(result))
