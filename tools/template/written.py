"""Files that `sync` writes for the current services, and `drift` compares."""

from collections.abc import Iterable, Mapping
from pathlib import Path


def stale(wanted: Mapping[Path, str], there: Iterable[Path], *, mark: str) -> list[Path]:
    """Return the paths of files that are missing or differ, and of those `there` that begin with `mark` in vain."""
    texts = {path: path.read_text(encoding="utf-8") for path in there if path.is_file()}
    strays = {path for path in texts.keys() - wanted.keys() if texts[path].startswith(mark)}
    differ = {path for path, text in wanted.items() if texts.get(path) != text}
    return sorted(differ | strays)


def write(wanted: Mapping[Path, str], paths: Iterable[Path]) -> None:
    """Update the files at these paths, and delete those that are not wanted."""
    for path in paths:
        if text := wanted.get(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()
