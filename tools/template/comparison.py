"""How a service differs from what the template renders for its answers."""

import difflib
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from copier.errors import CopierError

from dependencies import lock
from layout import ANSWERS, answers, listed
from template.rendering import belongs_to_service, questions, render

DIFF_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A file of a service that differs from the template."""

    path: Path
    """Relative to the service."""
    what: str
    """The rest of a sentence that begins with the path."""
    diff: str = ""


@contextmanager
def rendered_for(service: Path) -> Iterator[Path]:
    """Yield a temporary folder with the owned files for the service's answers; raises `ValueError` for invalid ones."""
    recorded = answers(service)
    unknown = sorted(name for name in recorded if str(name)[0] != "_" and name not in questions())
    if unknown:
        raise ValueError(f"the template asks no question named {', '.join(map(repr, unknown))}; remove or correct it.")
    with tempfile.TemporaryDirectory(prefix="allium-") as temporary:
        folder = Path(temporary) / service.name
        try:
            render(folder, recorded, seed=False)
        except (CopierError, ValueError) as error:
            raise ValueError(str(error).removeprefix("Validation error for ")) from error
        yield folder


def owned_files(rendered: Path) -> list[Path]:
    """Return the files of a rendering, relative to it."""
    return sorted(path.relative_to(rendered) for path in rendered.rglob("*") if not path.is_dir())


def strays(service: Path, rendered: Path) -> list[Path]:
    """Return the files of a service that neither the template nor the service owns."""
    owned = set(owned_files(rendered))
    return [path for path in listed(service) if path not in owned and not belongs_to_service(path)]


def is_executable(file: Path) -> bool:
    """Return whether the file is executable by its owner."""
    return bool(file.stat().st_mode & stat.S_IXUSR)


def content(file: Path) -> bytes:
    """Return what must be the same; the commit that a service was last rendered from need not."""
    content = file.read_bytes()
    if file.name != ANSWERS:
        return content
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(b"_commit:"))


def _diff(ours: bytes, theirs: bytes) -> str:
    lines = difflib.unified_diff(
        theirs.decode(errors="replace").splitlines(),
        ours.decode(errors="replace").splitlines(),
        fromfile="template",
        tofile="service",
        lineterm="",
        n=1,
    )
    shown = list(lines)
    if len(shown) > DIFF_LINES:
        shown = [*shown[:DIFF_LINES], f"… and {len(shown) - DIFF_LINES} more lines"]
    return "\n".join(shown)


def _compare(path: Path, service: Path, rendered: Path) -> Iterator[Difference]:
    ours, theirs = service / path, rendered / path
    if not ours.is_file() or ours.is_symlink():
        yield Difference(path=path, what="is missing")
        return
    if content(ours) != content(theirs):
        yield Difference(
            path=path,
            what="differs from the template",
            diff=_diff(content(ours), content(theirs)),
        )
    if is_executable(ours) != is_executable(theirs):
        yield Difference(path=path, what="must be executable" if is_executable(theirs) else "must not be executable")


def _old_locks(service: Path, rendered: Path) -> list[Path]:
    first_line = lock.header(rendered).encode()
    locks = {Path(name): service / name for name in lock.LOCKS}
    return [path for path, file in locks.items() if not file.is_file() or not file.read_bytes().startswith(first_line)]


def differences(service: Path) -> list[Difference]:
    """Return all differences of a service, including invalid answers."""
    try:
        with rendered_for(service) as rendered:
            found = [each for path in owned_files(rendered) for each in _compare(path, service, rendered)]
            lost = [Difference(path=path, what="belongs to nobody") for path in strays(service, rendered)]
            old = [
                Difference(path=path, what="is older than the dependencies") for path in _old_locks(service, rendered)
            ]
    except ValueError as error:
        return [Difference(path=Path(ANSWERS), what=f"cannot be used: {error}")]
    return found + lost + old
