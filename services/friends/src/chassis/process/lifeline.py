"""Tell worker processes that all of them must stop, or that their parent was killed."""

import multiprocessing
from multiprocessing.connection import Connection


class Lifeline:
    """A pipe from the parent to its workers. It closes when all of them must stop, or if the parent is killed."""

    def __init__(self) -> None:
        self._workers_end, self._parents_end = multiprocessing.Pipe(duplex=False)

    def __getstate__(self) -> Connection:
        """Return only the worker's end. A worker with the parent's end would not notice that it closes."""
        return self._workers_end

    def __setstate__(self, workers_end: Connection) -> None:
        self._workers_end = workers_end

    def cut(self) -> None:
        """Tell all workers to stop."""
        self._parents_end.close()

    def fileno(self) -> int:
        """Return the worker's descriptor, which is readable once the pipe is cut."""
        return self._workers_end.fileno()
