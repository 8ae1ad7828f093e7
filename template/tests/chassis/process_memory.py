"""What the kernel knows about a process."""

import re
from pathlib import Path


def resident_mib(process_id: int) -> float:
    """Return the resident memory of a process in MiB (proc(5), status)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert found
    return int(found[1]) / 1024
