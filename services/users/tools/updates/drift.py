"""List the template's files that were changed, without the network; exit with 1 if there are any.

What a service may change is in its own files and its answers; see README.md.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from updates import manifest, unfinished
from updates.code_migrations import pending
from updates.manifest import ANSWERS, MANIFEST, Manifest

WHOLLY_OWNED = ("src/chassis/", "tests/chassis/", "tests/conformance/")
HEAL = "nox -s update -- --vcs-ref=:current:"
HELP = f"""\
These files are the template's. `{HEAL}` brings them back as they were rendered,
and keeps what you had changed as a patch; without arguments it takes the newest version, too.
What you may vary, and where, is in README.md."""
HELP_BESIDE_TEMPLATE = (
    "These files are the template's: change them in template/ and run `./noxw -s sync`, which heals them."
)


def drift(service: Path) -> list[str]:
    """Return a sentence for each file that differs, and for an unfinished update."""
    found = ["An update was interrupted; `nox -s update` finishes it"] if unfinished.plans(service) else []
    try:
        expected = manifest.read(service)
    except ValueError as error:
        return [*found, f"{MANIFEST}, the list of the template's files, {error}"]
    found += [f"The code migration {name} has not run; `nox -s migrate-code` runs it" for name in pending(service)]
    return [*found, *_answers(service, expected), *_files(service, expected), *_ignored(service, expected)]


def _answers(service: Path, expected: Manifest) -> Iterator[str]:
    try:
        recorded = manifest.answers(service)
    except ValueError as error:
        yield f"{ANSWERS} {error}; `git checkout` brings it back"
        return
    if manifest.digest(recorded) != expected.answers:
        yield f"{ANSWERS} was edited; commit that, and `{HEAL}` applies it"


def _files(service: Path, expected: Manifest) -> Iterator[str]:
    others = _others(service, expected)
    for path, (mode, content) in expected.files.items():
        found = manifest.state(service, path)
        if found is None:
            yield f"{path} {_why_not_there(service, path, content, others)}"
        elif found[1] != content:
            yield f"{path} is edited"
        elif found[0] != mode:
            yield f"{path} must {'' if mode == '755' else 'not '}be executable"
    for path in others:
        if path.startswith(WHOLLY_OWNED):
            yield f"{path} belongs to nobody: all of its folder is the template's; move it elsewhere or delete it"


def _why_not_there(service: Path, path: str, content: str, others: list[str]) -> str:
    if obstacle := manifest.in_the_way(service, path):
        return f"cannot be there, because of {obstacle}"
    if (service / path).is_symlink():
        return "is a link and no file"
    for other in others:
        if Path(other).name == Path(path).name and (manifest.state(service, other) or ("", ""))[1] == content:
            return f"is missing; it is now {other}: move it back"
    return "is missing"


def _others(service: Path, expected: Manifest) -> list[str]:
    """Return the files not in the manifest: those that git lists or, without git, those in the owned folders."""
    listed = _git(service, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    if listed is None:
        found = [path for folder in WHOLLY_OWNED for path in (service / folder).rglob("*") if path.is_file()]
        paths = [path.relative_to(service) for path in found if "__pycache__" not in path.parts]
    else:
        paths = [Path(name) for name in listed.split("\0") if name and (service / name).is_file()]
    return sorted(path.as_posix() for path in paths if path.as_posix() not in expected.files)


def _ignored(service: Path, expected: Manifest) -> Iterator[str]:
    """Yield owned files that git ignores: they exist only where the service was generated."""
    listed = _git(service, "check-ignore", "-z", "--stdin", given="\0".join([*expected.files, ANSWERS, MANIFEST]))
    for path in (listed or "").split("\0"):
        if path:
            yield f"{path} is ignored by git; let it in with: git add --force {path}"


def _git(service: Path, *arguments: str, given: str = "") -> str | None:
    """Return the output of a git command, or None if it fails, as it does without a repository."""
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=service, input=os.fsencode(given), check=False, capture_output=True)
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _is_beside_template(service: Path) -> bool:
    try:
        return bool(manifest.answers(service).get("_src_path") == ".")
    except ValueError:
        return False


def main() -> int:
    """Check the current folder; return 1 if something differs."""
    found = drift(Path())
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        print(f"\n{HELP_BESIDE_TEMPLATE if _is_beside_template(Path()) else HELP}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
