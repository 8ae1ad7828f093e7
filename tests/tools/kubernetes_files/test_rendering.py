"""Rendering a kustomization gives the same result as kubectl."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from failures import SystemFailure
from kubernetes_files.json_patch import patched
from kubernetes_files.rendering import Document, render_with_kubectl, render_without_kubectl
from layout import ROOT, services

FOLDERS = [ROOT / "kubernetes", *(service / "kubernetes/overlays/production" for service in services())]
HASH = re.compile(r'(-(?:settings|configuration))-[a-z0-9]{10}"')
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def in_order(documents: list[Document]) -> list[Document]:
    """Return the documents by kind and name, without the hashes in the names of ConfigMaps."""
    plain: list[Document] = json.loads(HASH.sub(r'\1"', json.dumps(documents)))
    return sorted(plain, key=lambda document: (document["kind"], document["metadata"]["name"]))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_renders_the_same_as_kubectl(folder: Path) -> None:
    assert in_order(render_without_kubectl(folder)) == in_order(render_with_kubectl(folder))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("helmCharts: []\n", "helmCharts, which needs kubectl"),
        ("resources: [missing.yml]\n", "missing.yml cannot be read"),
        ("resources: [.\n", "cannot be read"),
        ("patches: [{target: {kind: Service}, patch: '{a: b}'}]\n", "which needs kubectl"),
        (
            "patches: [{target: {kind: Service}, patch: '- {op: remove, path: /a}'}]\n",
            "there are 0 of kind Service",
        ),
    ],
)
def test_explains_what_cannot_be_rendered(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yml").write_text(HEAD + content, encoding="utf-8")
    with pytest.raises(SystemFailure, match=reason):
        render_without_kubectl(tmp_path)


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ({"op": "add", "path": "/a/-", "value": 3}, {"a": [1, 2, 3]}),
        ({"op": "add", "path": "/a/0", "value": 0}, {"a": [0, 1, 2]}),
        ({"op": "add", "path": "/b~1c", "value": 0}, {"a": [1, 2], "b/c": 0}),
        ({"op": "replace", "path": "/a", "value": 0}, {"a": 0}),
        ({"op": "remove", "path": "/a/1"}, {"a": [1]}),
        ({"op": "test", "path": "/a/0", "value": 1}, {"a": [1, 2]}),
    ],
)
def test_applies_patches_to_a_copy(operation: dict[str, Any], after: object) -> None:
    document = {"a": [1, 2]}
    assert patched(document, [operation]) == after
    assert document == {"a": [1, 2]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/b", "value": 0},
        {"op": "remove", "path": "/a/2"},
        {"op": "add", "path": "/b/c", "value": 0},
        {"op": "test", "path": "/a/0", "value": 2},
        {"op": "move", "path": "/a", "from": "/b"},
    ],
)
def test_refuses_a_patch_that_does_not_match(operation: dict[str, Any]) -> None:
    with pytest.raises(SystemFailure, match="a patch cannot be applied"):
        patched({"a": [1, 2]}, [operation])
