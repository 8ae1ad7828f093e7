"""What the kernel knows of a process."""

import re
from pathlib import Path


def resident_mib(process_id: int) -> float:
    """The memory of a process that is in RAM (proc(5), status), in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert found
    return int(found[1]) / 1024
