"""Start Python programs that are to be killed, query them, and check what is left of them."""

import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

TOOLS = Path(__file__).parents[2] / "template/tools"
PATIENCE_SECONDS = 30.0  # for a busy machine


@contextlib.contextmanager
def started(code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run Python code; yield the process and the first line that it prints."""
    program = f"import sys, time\n{code}"
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def soon(true: Callable[[], bool]) -> bool:
    """Return whether the condition becomes true within the time limit."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_gone(text: str) -> bool:
    """Return whether no process has the text in its Linux command line; a zombie has none."""
    return not any(text in line for line in _command_lines())


def answer(url: str, variable: str) -> str:
    """Return an environment variable of a service of `fake_service.py`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    with contextlib.closing(connection):
        connection.request("GET", f"/?{variable}")
        return connection.getresponse().read().decode()


def _command_lines() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            yield file.read_text(errors="replace").replace("\0", " ")
