"""The template's questions at a terminal, as somebody answers them who runs `copier copy`."""

import os
import sys
from pathlib import Path

from layout import ROOT

from .terminal import at_terminal


def test_copier_copy_asks_for_the_name_and_what_follows(tmp_path: Path) -> None:
    copier = Path(sys.executable).with_name("copier")
    command: list[str | Path] = [copier, "copy", "--vcs-ref", "HEAD", ROOT, tmp_path / "orders"]
    with at_terminal(command, cwd=tmp_path, env=dict(os.environ)) as (_, terminal):
        terminal.read_until("Name of the service")
        terminal.press("orders\r")
        terminal.read_until("What the service does")
