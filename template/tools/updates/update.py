"""Bring this service to the newest version of its template; further arguments go to `copier recopy`.

Afterwards, owned files equal a fresh rendering, whatever their state was before. Edits in them are kept below
.allium/updates, as are files of the service at paths that the template now owns. If anything fails, nothing changes.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from dependencies.environment import alone
from dependencies.online import INSTALL_UV
from invocation import command
from updates import answers, manifest, unfinished
from updates.applying import apply
from updates.rendering import rendered

COMMIT_FIRST = "Commit or remove these first, so that you can review and undo the update:"
NO_GIT = "An update needs git, so that you can review and undo it: `git init`, `git add --all`, `git commit`."
NO_UV = f"uv is needed to update. {INSTALL_UV}"
REVIEW = "Updated. Review these changes with `git diff`, run the checks, then commit:"
NOTHING_CHANGED = "Nothing was changed."
HALF_DONE = "The update was interrupted. Run `nox -s update` again to finish it."


def status() -> str:
    """Return the output of `git status` for the service's folder."""
    command = ["git", "status", "--short", "--untracked-files=all", "."]
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout.rstrip()


def refusal() -> str | None:
    """Return why the service cannot be updated, or None."""
    if not shutil.which("uv"):
        return NO_UV
    try:
        changes = status()
    except subprocess.CalledProcessError as error:
        return f"{error.stderr}{NO_GIT}"
    return f"{COMMIT_FIRST}\n{changes}" if changes else None


def update(service: Path, arguments: list[str], *, given: set[str], only_check: bool) -> int:
    """Update, or only check for a newer version; `given`: the names of the answers among the arguments."""
    before = manifest.answers(service)
    with rendered(service, *arguments) as fresh:
        after = manifest.answers(fresh)
        answers.refuse(service, fresh, before, after, given)
        if only_check:
            return check(str(before.get("_commit")), str(after.get("_commit")))
        apply(service, fresh)
    for name, value in answers.defaults(before, after, given).items():
        print(f"The new question {name} has the default answer {value!r}. To change it: nox -s update -- -d {name}=…")
    changes = status()
    print(f"{REVIEW}\n{changes}" if changes else "Nothing changed; this is the newest version.")
    return 0


def check(have: str, newest: str) -> int:
    """Print in one line whether there is a newer version; return 1 if there is."""
    if have == newest:
        print(f"This service has the newest version of its template, {have}.")
        return 0
    print(f"This service has {have} of its template, and there is {newest}; to update: nox -s update")
    return 1


def main() -> int:
    """Update the current folder; return 1, after printing why, if that is impossible."""
    parser = argparse.ArgumentParser(prog=command("update"), description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="only say whether there is a newer version; 1 if there is")
    parser.add_argument("-d", "--data", action="append", default=[], metavar="NAME=VALUE", help="give an answer")
    wanted, arguments = parser.parse_known_args()
    arguments += [part for answer in wanted.data for part in ("-d", answer)]
    given = {answer.partition("=")[0] for answer in wanted.data}
    try:
        with alone():
            if reason := refusal():
                print(reason, file=sys.stderr)
                return 1
            return update(Path(), arguments, given=given, only_check=wanted.check)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
    except subprocess.CalledProcessError:
        pass  # it printed why
    except KeyboardInterrupt:
        print(file=sys.stderr)
    print(HALF_DONE if unfinished.plans(Path()) else NOTHING_CHANGED, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
