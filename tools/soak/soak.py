"""Run all `attacks` on a service with one and with two workers, and report what an honest client noticed.

python -m soak.soak [--seconds N] [--workers N] [--only ATTACK]
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from processes.watchdog import has_ended

from .attacks import ATTACKS
from .honest import HonestClient
from .victim import Victim, running_victim

MEMORY_LIMIT_MIB: Final = 512
"""Of all workers together, as of a container."""

LATENCY_LIMIT_SECONDS: Final = 1.0
"""For the 99th percentile of the honest client, on two cores shared with the attacker."""

STALLED_LOG: Final = "nobody_reads_the_log"
HONEST_PATH: Final = "/api/v1/users/019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d"
LINE: Final = "{:22} {:>8} {:>8} {:>8} {:>9} {:>9}  {}"


def main() -> int:
    """Return 0 if the service withstood all attacks, else 1."""
    arguments = parse_arguments()
    failed: list[str] = []
    try:
        for workers in [arguments.workers] if arguments.workers else [1, 2]:
            print(f"{workers} worker{'s' if workers > 1 else ''}", flush=True)
            print(LINE.format("attack", "requests", "p50 ms", "p99 ms", "max ms", "MiB", "failures"), flush=True)
            with running_victim(workers) as victim:
                for attack in [arguments.only] if arguments.only else [*ATTACKS, STALLED_LOG]:
                    failed += [f"{attack} ({workers})"] * (not held(victim, attack, arguments.seconds))
    except (PostgresUnavailable, SystemFailure) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"failed: {', '.join(failed)}" if failed else "all attacks withstood", flush=True)
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    """Return `seconds`, `workers` and `only`."""
    parser = argparse.ArgumentParser(
        prog=command("soak"), description="Attack a service and report what an honest client notices."
    )
    parser.add_argument("--seconds", type=float, default=8, help="duration of each attack (default: 8)")
    parser.add_argument("--workers", type=int, choices=[1, 2], help="number of workers (default: one, then two)")
    parser.add_argument("--only", choices=[*ATTACKS, STALLED_LOG], help="run only this attack")
    return parser.parse_args()


def held(victim: Victim, attack: str, seconds: float) -> bool:
    """Attack for this many seconds, print a line, and return whether memory and latency stayed within the limits."""
    peak = 0.0
    with HonestClient(victim.port, HONEST_PATH) as honest, attacking(victim, attack):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            peak = max(peak, victim.memory_mib())
    p50, p99, longest = honest.percentile(0.5), honest.percentile(0.99), honest.percentile(1)
    figures = [f"{share * 1000:.0f}" for share in (p50, p99, longest)]
    failures = ", ".join(sorted(set(honest.failures)))
    print(LINE.format(attack, len(honest.seconds), *figures, f"{peak:.0f}", failures), flush=True)
    survived = not has_ended(victim.process)
    return survived and peak <= MEMORY_LIMIT_MIB and p99 <= LATENCY_LIMIT_SECONDS and not failures


@contextmanager
def attacking(victim: Victim, attack: str) -> Iterator[None]:
    """Attack until the end of the block."""
    if attack == STALLED_LOG:
        victim.reading.clear()
        attack = "nonsense"  # a line for each
    command = [sys.executable, "-m", "soak.attacks", attack, str(victim.port)]
    attacker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        attacker.kill()
        attacker.wait()
        victim.reading.set()


if __name__ == "__main__":
    sys.exit(main())
