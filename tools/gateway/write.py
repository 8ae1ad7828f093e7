"""Write or check the generated files of the gateway: `python -m gateway.write [--check]`."""

import argparse
import sys
from pathlib import Path

from failures import SystemFailure
from gateway.documents import documents
from gateway.operations import operations
from gateway.routes import routes
from invocation import command
from layout import ROOT, services
from system.service_folder import read_services

FILE = Path("gateway/dynamic/routes.yml")
SETTINGS, TRACED = Path("gateway/traefik.yml"), Path("gateway/traced-traefik.yml")
TRACING = """
# Written by `./noxw -s sync`: traefik.yml, and where Compose sends what the gateway has to tell.
tracing:
  serviceName: gateway
  otlp:
    http:
      endpoint: http://observability:4318/v1/traces
"""


def wanted() -> dict[Path, str]:
    """Return the required content of the files for the current services; raises `SystemFailure`."""
    folders = read_services(services())
    by_name = {folder.name: document for folder, document in zip(folders, documents(folders), strict=True)}
    settings = (ROOT / SETTINGS).read_text(encoding="utf-8")
    return {FILE: routes(folders, operations(by_name)), TRACED: settings + TRACING}


def main() -> int:
    """Return 1 if a service's document is unavailable, or if a check finds a difference."""
    parser = argparse.ArgumentParser(prog=command("sync"), description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args().check
    try:
        files = wanted()
    except SystemFailure as error:
        print(f"{FILE}: {error}", file=sys.stderr)
        return 1
    stale = {file: content for file, content in files.items() if _content(ROOT / file) != content}
    if check and stale:
        names = " and ".join(map(str, stale))
        print(f"{names}: differs from what the services serve. Run: ./noxw sync", file=sys.stderr)
        return 1
    if check:
        print("The gateway's routes match the services.")
    for file, content in stale.items():
        (ROOT / file).write_text(content, encoding="utf-8")
        print(f"{file} written")
    return 0


def _content(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
