"""An additional process of a service with its own environment."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

from callers import Caller, eventually

from processes.ports import free_ports
from processes.watchdog import Watchdog
from system.service_process import ServiceProcess

# For tests that block statements: no timeout is reached meanwhile, however busy the machine is.
PATIENT = {f"DATABASE_{name}": "20" for name in ("LOCK_TIMEOUT", "STATEMENT_TIMEOUT", "TIMEOUT")}


class LiveService:
    """A running command of a service; `log` contains everything that it printed."""

    def __init__(self, port: int, log: Path, process: Popen[bytes]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.process = process

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The output, each line parsed as JSON."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    async def becomes(self, status: int) -> str | None:
        """Wait until the readiness check responds with this status, and return its reason."""
        reason: str | None = None

        async def is_so() -> bool:
            nonlocal reason
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            async with Caller(self.url) as caller:
                with contextlib.suppress(OSError):
                    answer = await caller.get("/health/ready")
                    reason = (answer.body or {}).get(
                        "reason"
                    )  # without a body it is from another process that had the port
                    return answer.body is not None and answer.status == status
            return False

        await eventually(is_so)
        return reason


@contextlib.contextmanager
def live_service(
    like: ServiceProcess, log: Path, *, command: str = "serve", **environment: str
) -> Iterator[LiveService]:
    """Run a command of a service like `like`, except for these variables; warnings are errors."""
    service = like.service
    port = next(free_ports())
    watchdog = Watchdog(patience=10)
    try:
        process = watchdog.start(
            [service.python, "-m", service.package, command],
            log=log,
            cwd=service.path,
            env={**like.environment, "PYTHONWARNINGS": "error", "PORT": str(port), **environment},
        )
        yield LiveService(port, log, process)
    finally:
        watchdog.let_go()
        watchdog.wait()
