"""docker-compose.yml: the whole system, which is the compose file of every service (`include` knows no pattern)."""

from pathlib import Path

from layout import ROOT, services

NAME = "docker-compose.yml"
COMMENT = "# All services together: `docker compose up`. `./noxw -s new` and `./noxw -s sync` write this file.\n"


def wanted(root: Path = ROOT) -> str:
    """Return what the file must hold for the services that there are."""
    paths = [(service / "compose.yml").relative_to(root).as_posix() for service in services(root)]
    includes = "".join(f"\n  - {path}" for path in paths) or " []"
    return f"{COMMENT}name: allium\n\ninclude:{includes}\n"


def stale(root: Path = ROOT) -> bool:
    """Say whether the file is missing or lists other services than there are."""
    file = root / NAME
    return not file.is_file() or file.read_text(encoding="utf-8") != wanted(root)


def write(root: Path = ROOT) -> bool:
    """Bring the file up to date; say whether that changed it."""
    changed = stale(root)
    if changed:
        (root / NAME).write_text(wanted(root), encoding="utf-8")
    return changed
