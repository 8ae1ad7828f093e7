"""Write the image of a release into an overlay: `python -m kubernetes_files.release FOLDER NAME DIGEST`.

FOLDER is `kubernetes/overlays/production`, NAME such as ghcr.io/example/orders, DIGEST sha256:…; needs only Python.
"""

import re
import sys
from pathlib import Path

from failures import SystemFailure

FILE = "kustomization.yml"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
NAME = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+")
ENTRY = re.compile(
    r"^(?P<head>(?P<indent> *)- name: \S+-service\n)"
    r"(?P<indented>(?P=indent)  )newName: .*\n(?P=indented)(?:digest|newTag): .*$",
    re.MULTILINE,
)


def released(text: str, name: str, digest: str) -> str:
    """Return an overlay with another image; raises `SystemFailure` if that is impossible."""
    if not DIGEST.fullmatch(digest):
        raise SystemFailure(f"{digest} is not a digest such as sha256:… with 64 digits")
    if not NAME.fullmatch(name):
        raise SystemFailure(f"{name} is not an image name such as ghcr.io/example/orders")
    changed, count = ENTRY.subn(rf"\g<head>\g<indented>newName: {name}\n\g<indented>digest: {digest}", text)
    if count != 1:
        raise SystemFailure(f"{count} images, not one, end in -service and have newName and digest below")
    return changed


def main() -> int:
    """Return 1, without changing the file, if that is impossible."""
    if len(sys.argv) != 4:  # noqa: PLR2004 - as the docstring says
        print(__doc__, file=sys.stderr)
        return 1
    folder, name, digest = sys.argv[1:]
    file = Path(folder) / FILE
    try:
        changed = released(file.read_text(encoding="utf-8"), name, digest)
    except (OSError, SystemFailure) as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    file.write_text(changed, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
