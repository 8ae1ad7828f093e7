"""Rules for workflows that zizmor and the schema do not check."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")
SESSION = re.compile(r"\b(?:noxw|nox) -s ([\w-]+)")
WRITING = {("Release", "image"), ("Release", "deploy"), ("Update", "template")}


def broken_rules(text: str, sessions: set[str]) -> list[str]:
    """Return a sentence for each rule that the workflow breaks; `sessions` are the sessions of nox."""
    workflow = yaml.safe_load(text)
    return [
        *(f"not pinned: {line.strip()}" for line in text.splitlines() if "uses:" in line and not PINNED.search(line)),
        *(["a secret is used"] if "secrets." in text else []),
        *(["permissions at the top are not empty"] if workflow.get("permissions") != {} else []),
        *(["no concurrency"] if "concurrency" not in workflow else []),
        *(f"no session {name}" for name in sorted(sessions_called(workflow) - sessions)),
        *(rule for name, job in workflow["jobs"].items() for rule in _broken_by(job, name, workflow["name"])),
    ]


def sessions_called(workflow: dict[str, Any]) -> set[str]:
    """Return the sessions named in commands, or in a matrix whose jobs run them."""
    called: set[str] = set()
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        called.update(matrix.get("session", []))
        called.update(row["session"] for row in matrix.get("include", []))
        called.update(name for step in job["steps"] for name in SESSION.findall(step.get("run", "")))
    return called


def _broken_by(job: dict[str, Any], name: str, workflow: str) -> Iterator[str]:
    permissions = job.get("permissions")
    if "timeout-minutes" not in job:
        yield f"{name} has no timeout"
    if permissions is None:
        yield f"{name} says no permissions"
    elif "write" in permissions.values() and (workflow, name) not in WRITING:
        yield f"{name} may write"
