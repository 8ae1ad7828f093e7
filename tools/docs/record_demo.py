"""Draw parts of a real `./noxw -s demo` as docs/images/demo.svg: `./noxw -s docs -- picture`."""

import io
import re
import subprocess
import sys

from rich.console import Console
from rich.text import Text

from layout import ROOT

PICTURE = ROOT / "docs/images/demo.svg"
SHOWN = ("Grace befriends Alan", "... in either direction")
WIDTH = 110
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
COLOURS = {"…": "dim", "#": "italic", "$": "bold cyan", "2": "bold green", "4": "bold yellow"}


def recorded() -> list[str]:
    """Run the demo; return the steps that it told, each with its heading."""
    output = subprocess.run(
        [str(ROOT / "noxw"), "-s", "demo"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout
    return output.split("\n# ")[1:]


def draw(steps: list[str]) -> str:
    """Return the chosen steps as a picture of a terminal that loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ ./noxw -s demo", style="bold"))
    for step in steps:
        if step.startswith(SHOWN):
            for line in f"…\n# {step}".strip().splitlines():
                console.print(Text(line, style=COLOURS.get(line[0], "")))
    picture = FONTS.sub("", console.export_svg(title="Allium", unique_id="demo"))
    return "".join(f"{line.rstrip()}\n" for line in picture.splitlines())


def main() -> int:
    """Record and draw."""
    PICTURE.write_text(draw(recorded()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
