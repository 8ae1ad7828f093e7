"""What an update promises: no conflicts, owned files as freshly rendered, and no line of the service lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from copier import run_copy
from pathspec import PathSpec
from working_copy import Copy

from layout import answers, listed
from template.rendering import DOCUMENTS, service_files

Contents = dict[str, bytes]


@contextmanager
def promises_kept(service: Copy, template: Copy, *, old: str, new: str) -> Iterator[None]:
    """Fail if the update within the block, from one version to the last one, breaks a promise."""
    owned = rendered(template, old, service.root)
    becomes_own = ownership(template)
    before = {
        path: content
        for path, content in contents(service.root).items()
        if path not in owned or becomes_own.match_file(path)
    }
    yield
    assert service.conflicts() == []
    after = contents(service.root)
    fresh = rendered(template, new, service.root)
    ours = {path: content for path, content in after.items() if path not in fresh}
    stale = differing({path: after[path] for path in fresh if path in after}, fresh)
    assert not stale, f"Differs from a fresh rendering: {stale}"
    changed = differing(ours, before)
    assert not changed, f"Changed although the service owns it: {changed}"


def differing(some: Contents, others: Contents) -> list[str]:
    """Return the paths that exist on one side only or differ in content."""
    return sorted(path for path in some.keys() | others.keys() if some.get(path) != others.get(path))


def contents(service: Path) -> Contents:
    """Return the content of every file of a service, except for those that git ignores."""
    return {path.as_posix(): (service / path).read_bytes() for path in listed(service)}


def rendered(template: Copy, version: str, service: Path) -> Contents:
    """Return the owned files of a version, rendered with the recorded answers of the service."""
    recorded = answers(service)
    given = {name: answer for name, answer in recorded.items() if name[0] != "_"}
    beside = {"documents": DOCUMENTS} if recorded["_src_path"] == "." else {}
    with TemporaryDirectory() as folder:
        run_copy(
            template.url,
            folder,
            data={**given, **beside, "seed": False},
            vcs_ref=version,
            defaults=True,
            overwrite=True,
            quiet=True,
        )
        paths = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def ownership(template: Copy) -> PathSpec[Any]:
    """Return the patterns of the service's own files in the last version of a template."""
    questionnaire = yaml.safe_load((template.root / "copier.yml").read_text(encoding="utf-8"))
    return PathSpec.from_lines("gitignore", service_files(questionnaire))
