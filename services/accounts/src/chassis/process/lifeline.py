"""How worker processes learn that all of them end, and that their parent was killed."""

import multiprocessing
from multiprocessing.connection import Connection


class Lifeline:
    """A pipe from the parent to its workers, cut when all of them shall end, and also if the parent is killed."""

    def __init__(self) -> None:
        self._workers_end, self._parents_end = multiprocessing.Pipe(duplex=False)

    def __getstate__(self) -> Connection:
        """What a worker gets: while it held the parent's end, too, it would never notice."""
        return self._workers_end

    def __setstate__(self, workers_end: Connection) -> None:
        self._workers_end = workers_end

    def cut(self) -> None:
        """Tell all workers."""
        self._parents_end.close()

    def fileno(self) -> int:
        """Readable, for a worker, as soon as it is cut."""
        return self._workers_end.fileno()
