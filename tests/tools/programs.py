"""Starts Python programs that are to be killed, asks them, and sees what is left of them."""

import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

TOOLS = Path(__file__).parents[2] / "template/tools"
PATIENCE_SECONDS = 30.0  # of a machine that does much else


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
    """Tell whether something becomes true before we lose patience."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_gone(text: str) -> bool:
    """Tell whether no process has the text in its command line, read as Linux shows it; a zombie has none."""
    return not any(text in line for line in _command_lines())


def answer(url: str, variable: str) -> str:
    """Ask a service of `fake_service.py` for a variable of its environment."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    with contextlib.closing(connection):
        connection.request("GET", f"/?{variable}")
        return connection.getresponse().read().decode()


def _command_lines() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            yield file.read_text(errors="replace").replace("\0", " ")
