"""A release workflow updates the image in the overlay, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from failures import SystemFailure
from kubernetes_files.release import released
from kubernetes_files.rendering import containers, find, render_without_kubectl
from layout import ROOT

NAME, DIGEST = "ghcr.io/somebody/orders", f"sha256:{'a1' * 32}"
OVERLAY = ROOT / "services/users/kubernetes/overlays/production/kustomization.yml"


def test_changes_only_the_image() -> None:
    before = OVERLAY.read_text(encoding="utf-8").splitlines()
    after = released(OVERLAY.read_text(encoding="utf-8"), NAME, DIGEST).splitlines()
    changed = [new.strip() for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [f"newName: {NAME}", f"digest: {DIGEST}"]


def test_pods_use_the_released_image(tmp_path: Path) -> None:
    overlay = tmp_path / "kubernetes/overlays/production"
    overlay.mkdir(parents=True)
    for folder in ("base", "components"):
        (tmp_path / "kubernetes" / folder).symlink_to(ROOT / "services/users/kubernetes" / folder)
    (overlay / "kustomization.yml").write_text(OVERLAY.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "kubernetes_files.release", str(overlay), NAME, DIGEST]
    assert subprocess.run(command, check=False).returncode == 0
    images = {each["image"] for each in containers(find(render_without_kubectl(overlay), "Deployment"))}
    assert images == {f"{NAME}@{DIGEST}"}


@pytest.mark.parametrize(
    ("text", "name", "digest", "reason"),
    [
        ("images: []\n", NAME, DIGEST, "0 images"),
        (OVERLAY.read_text(encoding="utf-8"), NAME, "sha256:1", "is not a digest"),
        (OVERLAY.read_text(encoding="utf-8"), "Orders:1", DIGEST, "is not an image name"),
    ],
)
def test_refuses_an_invalid_release(text: str, name: str, digest: str, reason: str) -> None:
    with pytest.raises(SystemFailure, match=reason):
        released(text, name, digest)
