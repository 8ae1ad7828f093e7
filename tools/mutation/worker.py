"""Runs tests in forks of itself; started in a copy of a service with the Python of its `.venv`.

What a test needs of other libraries is imported once, before the first fork; the service itself in each fork anew.
Writes what the last tests said to `mutation.log`.
Reads lines such as `{"tests": ["tests/core"], "seconds": 30}`, answers each with pytest's exit code or "timeout".
"""

import gc
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

PLUGINS = ("-p", "no:cacheprovider", "-p", "no:randomly")
OPTIONS = ("-x", "-q", *PLUGINS, "--hypothesis-seed=0", "-Wignore:Module already imported")


def preload() -> None:
    """Import all that the tests import, compile them, and then forget what is of this folder."""
    # Without pytest's own stdout, which is closed afterwards, and which Alembic would keep.
    pytest.main([*OPTIONS, "--capture=no", "--collect-only", "-qqq", "tests"])
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    ours = {name.partition(".")[0] for name, file in files.items() if file.startswith(str(Path.cwd()))}
    for name in files:
        if name.partition(".")[0] in ours:
            del sys.modules[name]
    gc.collect()
    gc.freeze()  # pytest collects garbage often, which would look at all of that again and again


def hurry() -> None:
    """Let hypothesis report the first failure instead of looking for the smallest."""
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "hurry", phases=phases, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("hurry")


def run(tests: list[str], seconds: float) -> int | str:
    """Run the tests in a process group of their own, of which nothing is left afterwards."""
    child = os.fork()
    if not child:
        os.setsid()
        speak_to("mutation.log")
        os._exit(int(pytest.main([*OPTIONS, *tests])))
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return "timeout"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def speak_to(log: str) -> None:
    """Let everything that this process and its children print go to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    speak_to("mutation.log")
    preload()
    hurry()
    # A mutant must not be taken for the one before it, nor by what its tests start.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
