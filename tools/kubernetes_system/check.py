"""Check kubernetes/ without a cluster: `python -m kubernetes_system.check`; 1 if anything is wrong."""

import sys
from collections.abc import Iterator

from failures import SystemFailure
from kubernetes_files.rendering import render
from kubernetes_system.files import FOLDER, on_kubernetes
from kubernetes_system.rules import RULES, System, api_servers_accept_it, traefik_of_tests
from layout import ROOT


def faults(system: System) -> Iterator[str]:
    """Yield a message for each error."""
    found = list(api_servers_accept_it(system))
    yield from found
    if not found:  # the rules rely on the schemas
        for rule in RULES:
            yield from rule(system)


def main() -> int:
    """Check the rendered folder, which may be empty if no service runs on Kubernetes."""
    folders = on_kubernetes()
    if not folders:
        return 0
    try:
        system = System(services=folders, documents=render(ROOT / FOLDER), traefik=traefik_of_tests(ROOT))
        sentences = list(faults(system))
    except SystemFailure as failure:
        sentences = [str(failure)]
    for sentence in sentences:
        print(f"{FOLDER}: {sentence}", file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
