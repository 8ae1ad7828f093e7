"""Write gateway/dynamic/routes.yml, or say whether it is right: `python -m gateway.write [--check]`."""

import argparse
import sys
from pathlib import Path

from failures import SystemFailure
from gateway.documents import documents
from gateway.operations import operations
from gateway.routes import routes
from layout import ROOT, services
from system.service_folder import read_services

FILE = Path("gateway/dynamic/routes.yml")


def wanted() -> str:
    """Return what the file must hold for the services that there are; raises `SystemFailure`."""
    folders = read_services(services())
    by_name = {folder.name: document for folder, document in zip(folders, documents(folders), strict=True)}
    return routes(folders, operations(by_name))


def main() -> int:
    """Return 1 if the services cannot be asked, or if only checked and not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args().check
    try:
        content = wanted()
    except SystemFailure as error:
        print(f"{FILE}: {error}", file=sys.stderr)
        return 1
    file = ROOT / FILE
    if file.is_file() and file.read_text(encoding="utf-8") == content:
        if check:
            print("The gateway publishes what the services serve.")
        return 0
    if check:
        print(f"{FILE} does not publish exactly what the services serve; run ./noxw -s sync", file=sys.stderr)
        return 1
    file.write_text(content, encoding="utf-8")
    print(f"{FILE} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
