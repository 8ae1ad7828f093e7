"""Generate services from the template and keep them in sync: new, sync and drift."""

import argparse
import sys
from pathlib import Path

from jinja2 import TemplateSyntaxError

from dependencies.environment import alone
from failures import SystemFailure
from invocation import command
from kubernetes_system import files as kubernetes
from layout import ROOT, has_commit, services
from template import compose_file, manifest
from template.comparison import Difference, differences
from template.new_service import new
from template.rendering import forget_hook
from template.synchronising import synchronise
from template.unsaved import UnsavedError

HELP = """\
Owned files are the template's: change them in template/ and run `./noxw -s sync`, which also heals them.
What one service needs for itself belongs in its own files (the list is in copier.yml) or in its answers.
Locks are written by `./noxw -s lock`; sync copies the template's where they fit.
A file that belongs to nobody is deleted by sync if the template had it once; else move it into a folder of the
service's own, or delete it."""
NO_GIT = "This needs a git repository with a commit: `git init`, `git add --all`, `git commit`."


def drift() -> int:
    """Print how each service differs from the template; return 1 if any does."""
    found = [(service, difference) for service in services() for difference in differences(service)]
    for service, difference in found:
        print(_sentence(service, difference))
    together = [*compose_file.stale(), *kubernetes.stale()]
    stale = [f"{path} does not match the services. Run: ./noxw sync" for path in together]
    if manifest.stale():
        stale.append(f"{manifest.NAME} does not match the template. Run: ./noxw sync")
    for sentence in stale:
        print(sentence)
    if found or stale:
        print(f"\n{HELP}", file=sys.stderr)
    else:
        print(f"{len(services())} services match the template.")
    return 1 if found or stale else 0


def _sentence(service: Path, difference: Difference) -> str:
    diff = "".join(f"\n    {line}" for line in difference.diff.splitlines())
    return f"{(service / difference.path).relative_to(ROOT)} {difference.what}{diff}"


def sync(*, anchor: bool) -> int:
    """Bring the owned files of every service to the template's state; 1 if one has unusable answers or unsaved edits.

    `anchor`: also record the last commit of the template where nothing else is to be done.
    """
    if manifest.write():
        print(f"{manifest.NAME} written")
    failed = False
    for service in services():
        try:
            changed = synchronise(service, anchor=anchor)
        except ValueError as error:
            print(f"{service.relative_to(ROOT)}: its answers are invalid: {error}", file=sys.stderr)
            failed = True
            continue
        except UnsavedError as error:
            print(f"{service.relative_to(ROOT)}: {error}", file=sys.stderr)
            failed = True
            continue
        for line in changed or ["nothing to do"]:
            print(f"{service.relative_to(ROOT)}: {line}")
    for path in [*compose_file.write(), *kubernetes.write()]:
        print(f"{path} {'written' if (ROOT / path).exists() else 'deleted'}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./noxw -s", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("drift", help="say how the services differ from the template")
    verb = verbs.add_parser("sync", help="bring the owned files of all services to the template's state")
    verb.add_argument("--anchor", action="store_true", help="record the last commit of the template, too")
    verb = verbs.add_parser(
        "new", prog=command("new"), help="generate a service below services/", argument_default=argparse.SUPPRESS
    )
    verb.add_argument("service_name", metavar="name", help="kebab-case, such as order-lines")
    verb.add_argument("--description", help="what it does, in one sentence")
    verb.add_argument("--entity", help="the sample entity, singular, in snake_case")
    verb.add_argument("--entity-plural", help="its plural")
    verb.add_argument("--no-sample", dest="sample", action="store_false", help="generate no sample entity")
    verb.add_argument("--port", type=int, help="default: the next free port")
    verb.add_argument("--upstreams", nargs="*", metavar="name", help="other services that it calls")
    verb.add_argument("--extra-dependencies", nargs="*", metavar="requirement", help='such as "redis>=7"')
    verb.add_argument("--extra-dev-dependencies", nargs="*", metavar="requirement", help="for tests and checks")
    verb.add_argument(
        "--kubernetes",
        action=argparse.BooleanOptionalAction,
        help="manifests to run it on Kubernetes; default: if the other services have them",
    )
    verb.add_argument("--ci", choices=["github", "gitlab", "none"], help="CI that runs its checks")
    return parser


def main() -> int:
    """Run a verb; return 1 if it fails or the template is broken."""
    options = vars(_parser().parse_args())
    forget_hook()
    if not has_commit(ROOT):
        print(NO_GIT, file=sys.stderr)
        return 1
    try:
        with alone():
            compose_file.wanted()  # which needs answers that can be read, before anything is changed
            match options.pop("verb"):
                case "drift":
                    return drift()
                case "sync":
                    return sync(**options)
                case _:
                    return new(options)
    except SystemFailure as error:
        print(error, file=sys.stderr)
        return 1
    except TemplateSyntaxError as error:
        print(f"{error.name}:{error.lineno}: {error.message}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
