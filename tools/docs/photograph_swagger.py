"""Take docs/images/swagger.png, with a Chromium that is installed: `./noxw -s docs -- picture`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from layout import ROOT
from system.running import running_system

PICTURE = ROOT / "docs/images/swagger.png"
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
SIZE = "1000,640"
LOADING_MILLISECONDS = 10_000  # of the page's virtual clock, which skips idle time


def browser() -> str | None:
    """Return the first browser on the PATH that can take the picture, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def photograph(program: str, url: str, picture: Path) -> None:
    """Take a screenshot of a page; raises `CalledProcessError` if the browser fails."""
    with tempfile.TemporaryDirectory(prefix="allium-browser-") as profile:
        options = ["--headless", "--hide-scrollbars", f"--window-size={SIZE}", f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium has none for root; the page is our own
        options += [f"--virtual-time-budget={LOADING_MILLISECONDS}", f"--screenshot={picture}"]
        subprocess.run([program, *options, url], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> int:
    """Start friends and photograph its Swagger UI; without a browser say so and leave the picture as it is."""
    program = browser()
    if program is None:
        print(f"{PICTURE.name} was not updated: no Chromium on the PATH. On Debian: sudo apt-get install chromium")
        return 0
    with running_system([ROOT / "services/friends"], ports="free") as system:
        photograph(program, f"{system.url('friends')}/api/docs", PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
