"""Make services from the template, and keep them as it has them: new, sync and drift."""

import argparse
import shutil
import sys
from pathlib import Path

from jinja2 import TemplateSyntaxError

from dependencies import lock
from layout import ANSWERS, ROOT, answers, is_reachable, services, tracked
from template import compose_file
from template.comparison import Difference, content, differences, owned_files, rendered_for, strays
from template.lock_all import take_template_locks
from template.new_service import new

HELP = """\
Owned files are the template's: change them in template/ and run `./noxw -s sync`, which also heals them.
What one service needs for itself belongs in its own files (the list is in copier.yml) or in its answers.
Locks are written by `./noxw -s lock`; sync copies the template's where they fit.
A file that belongs to nobody is deleted by sync if git has it; else delete or move it."""


def drift() -> int:
    """Print how each service differs from the template; 1 if any does."""
    found = [(service, difference) for service in services() for difference in differences(service)]
    for service, difference in found:
        print(_sentence(service, difference))
    stale = compose_file.stale()
    for path in stale:
        print(f"{path} is not for exactly the services that there are")
    if found or stale:
        print(f"\n{HELP}", file=sys.stderr)
    else:
        print(f"{len(services())} services are as the template has them.")
    return 1 if found or stale else 0


def _sentence(service: Path, difference: Difference) -> str:
    diff = "".join(f"\n    {line}" for line in difference.diff.splitlines())
    return f"{(service / difference.path).relative_to(ROOT)} {difference.what}{diff}"


def sync(*, anchor: bool) -> int:
    """Bring the owned files of every service to the template's state; 1 if one has unusable answers.

    `anchor`: also record the last commit of the template where nothing else is to be done.
    """
    failed = False
    for service in services():
        try:
            changed = _sync(service, anchor=anchor)
        except ValueError as error:
            print(f"{service.relative_to(ROOT)}: its answers cannot be used: {error}", file=sys.stderr)
            failed = True
            continue
        for line in changed or ["nothing to do"]:
            print(f"{service.relative_to(ROOT)}: {line}")
    for path in compose_file.write():
        print(f"{path} written")
    return 1 if failed else 0


def _sync(service: Path, *, anchor: bool) -> list[str]:
    with rendered_for(service) as rendered:
        paths = [path for path in owned_files(rendered) if path.name != ANSWERS]
        changed = [f"{path} rendered" for path in paths if _copy_if_different(rendered / path, service / path)]
        for path in sorted(set(strays(service, rendered)) & tracked(service)):
            (service / path).unlink()
            _remove_empty_folders(service / path.parent, within=service)
            changed.append(f"{path} deleted, as the template has it no longer")
        # Which commit it was rendered from moves on with whatever else changes: alone it is not worth a commit.
        is_new = anchor or changed or content(service / ANSWERS) != content(rendered / ANSWERS)
        is_lost = not is_reachable(str(answers(service).get("_commit")))
        if (is_new or is_lost) and _copy_if_different(rendered / ANSWERS, service / ANSWERS):
            changed.append(f"{ANSWERS} rendered")
    if lock.stale(service):
        fitting = take_template_locks(service)
        changed.append("locks taken from the template" if fitting else "locks are too old now; run ./noxw -s lock")
    return changed


def _copy_if_different(source: Path, target: Path) -> bool:
    same = target.is_file() and not target.is_symlink() and target.read_bytes() == source.read_bytes()
    if same and target.stat().st_mode == source.stat().st_mode:
        return False
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    return True


def _remove_empty_folders(folder: Path, *, within: Path) -> None:
    while folder != within and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./noxw -s", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("drift", help="say how the services differ from the template")
    verb = verbs.add_parser("sync", help="bring the owned files of all services to the template's state")
    verb.add_argument("--anchor", action="store_true", help="record the last commit of the template, too")
    verb = verbs.add_parser("new", help="generate a service below services/", argument_default=argparse.SUPPRESS)
    verb.add_argument("service_name", metavar="name", help="kebab-case, such as order-lines")
    verb.add_argument("--description", help="what it does, in one sentence")
    verb.add_argument("--entity", help="what it manages, singular, in snake_case")
    verb.add_argument("--entity-plural", help="its plural")
    verb.add_argument("--no-sample", dest="sample", action="store_false", help="begin without any entity")
    verb.add_argument("--port", type=int, help="default: the next that no service has")
    verb.add_argument("--upstreams", nargs="*", metavar="name", help="services that it calls")
    verb.add_argument("--extra-dependencies", nargs="*", metavar="requirement", help='such as "redis>=7"')
    verb.add_argument("--ci", choices=["github", "gitlab", "none"], help="where its own checks run")
    return parser


def main() -> int:
    """Run one verb; 1 also if the template itself is broken."""
    options = vars(_parser().parse_args())
    try:
        match options.pop("verb"):
            case "drift":
                return drift()
            case "sync":
                return sync(**options)
            case _:
                return new(options)
    except TemplateSyntaxError as error:
        print(f"{error.name}:{error.lineno}: {error.message}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
