"""Check the manifests of a service: `python -m kubernetes_files.check`, in its folder; 1 if anything is wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path

from failures import SystemFailure
from system.service_folder import ServiceFolder, read_services

from .known_settings import known_settings
from .rendering import Document, render
from .rules import RULES, Manifests
from .schema import violations
from .service_policies import lets_in_only_known_callers


def faults(service: ServiceFolder, documents: list[Document]) -> Iterator[str]:
    """Yield a message for each error in a rendered overlay of a service."""
    found = [f"{_name(document)}: {fault}" for document in documents for fault in violations(document)]
    yield from found
    if found:  # the rules rely on the schemas
        return
    manifests = Manifests(name=service.name, documents=documents, settings=known_settings(service.path))
    for rule in RULES:
        yield from rule(manifests)
    yield from lets_in_only_known_callers(service.name, service.upstreams, documents)


def _name(document: Document) -> str:
    return f"{document.get('kind')} {document.get('metadata', {}).get('name')}"


def overlays(service: Path) -> list[Path]:
    """Return the folders of a service's overlays."""
    return sorted(path for path in (service / "kubernetes/overlays").glob("*") if path.is_dir())


def main() -> int:
    """Check each overlay; return 1 if anything is wrong."""
    [service] = read_services([Path()])
    found = overlays(service.path)
    failed = not found
    if failed:
        print("kubernetes/overlays has no overlay; docs/kubernetes.md of Allium describes one", file=sys.stderr)
    for overlay in found:
        name = overlay.relative_to(service.path)
        try:
            sentences = list(faults(service, render(overlay)))
        except SystemFailure as failure:
            sentences = [str(failure)]
        for sentence in sentences:
            print(f"{name}: {sentence}", file=sys.stderr)
        failed = failed or bool(sentences)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
