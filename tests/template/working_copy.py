import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layout import ROOT, answers, listed

Generate = Callable[[Mapping[str, Any]], Path]
IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True)
class Copy:
    """A git repository that a test may change in any way."""

    root: Path

    @classmethod
    def of_working_tree(cls, root: Path) -> "Copy":
        """Return the working tree without the chassis: fewer files to render, and all are treated the same."""
        paths = listed(ROOT, "copier.yml", "template", "services", "tools")
        for path in [path for path in paths if "chassis" not in path.parts]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, root / path)
        copy = cls(root)
        copy.git("init", "--quiet", "--initial-branch=main")
        copy.write_list_of_owned_files()
        copy.commit("Begin")
        copy.scaffold("sync")  # the recorded commit is from this repository
        copy.commit("Synchronise")
        return copy

    def clone(self, root: Path, *options: str) -> "Copy":
        self.git("clone", "--quiet", *options, f"file://{self.root}", str(root))
        return Copy(root)

    @property
    def url(self) -> str:
        """The URL for use as a template."""
        return f"git+file://{self.root}".replace(" ", "%20")

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **IDENTITY}, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self, message: str) -> str:
        """Commit everything; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "--short", "HEAD").strip()

    def pack(self) -> None:
        """Keep all objects in one file instead of one for each, because tests copy the folder many times."""
        self.git("repack", "-a", "-d", "--quiet")

    def conflicts(self) -> list[str]:
        """Return the files that an update could not merge."""
        return self.git("diff", "--name-only", "--diff-filter=U").splitlines()

    def anchor(self, service: str) -> str:
        """Return the commit that a service records; YAML quotes one that consists of digits."""
        return str(answers(self.root / "services" / service)["_commit"])

    def scaffold(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the repository's own `template.scaffold`."""
        return self.python("-m", "template.scaffold", *arguments)

    def write_list_of_owned_files(self) -> None:
        """Update the list of owned files, as `sync` does first."""
        done = self.python("-c", "from template import manifest; manifest.write()")
        assert done.returncode == 0, done.stderr

    def copier(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "copier", *arguments)

    def python(
        self, *arguments: str, path: Sequence[str] = ("tools", "template/tools")
    ) -> subprocess.CompletedProcess[str]:
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # uv
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={
                **os.environ,
                **IDENTITY,
                "PYTHONPATH": os.pathsep.join(str(self.root / folder) for folder in path),
                "PATH": programs,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            check=False,
            capture_output=True,
            text=True,
        )

    def write(self, path: str, content: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content, encoding="utf-8")

    def append(self, path: str, content: str) -> None:
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write(content)
