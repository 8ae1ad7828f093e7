"""Environments in which generated services are checked, kept between runs."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from layout import ROOT

WORKSHOPS = ROOT / ".nox" / "matrix"


def run_tool(name: str, folder: Path) -> None:
    """Run a tool of the template, such as `dependencies.lock`, in a folder, with uv on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "template/tools")}
    subprocess.run([sys.executable, "-m", name], cwd=folder, env=environment, check=True)


@dataclass(frozen=True)
class Programs:
    """The programs of an environment."""

    folder: Path

    @classmethod
    def of(cls, requirements: Path, name: str) -> "Programs":
        """Return the environment of that name, after installing the lock unless it is installed already."""
        workshop = WORKSHOPS / name
        workshop.mkdir(parents=True, exist_ok=True)
        target = workshop / "requirements-dev.txt"
        if not target.exists() or target.read_bytes() != requirements.read_bytes():
            draft = target.with_suffix(f".{os.getpid()}")  # another process may read the target, or write the same
            shutil.copyfile(requirements, draft)
            draft.replace(target)
        run_tool("dependencies.environment", workshop)
        return cls(workshop / ".venv" / "bin")

    def run(self, program: str, *arguments: str | Path, service: Path | None = None) -> str:
        """Run a program as the noxfile of a service does, and return its output, which is the message if it fails."""
        done = subprocess.run(
            [self.folder / program, *arguments],
            cwd=service,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tools"])},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout
