"""An honest client: it sends some requests per second, each on a new connection, and measures their duration."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from processes.ports import HOST

PAUSE_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 10


@dataclass
class HonestClient:
    """A context manager that requests one path from its own thread."""

    port: int
    path: str
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def percentile(self, share: float) -> float:
        """Return the seconds within which this share of the requests got a response."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            begin = time.perf_counter()
            try:
                self._ask()
            except OSError as error:
                self.failures.append(type(error).__name__)
            self.seconds.append(time.perf_counter() - begin)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", self.path, headers={"Connection": "close"})
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        if response.status >= 500:  # noqa: PLR2004 - RFC 9110
            self.failures.append(str(response.status))
