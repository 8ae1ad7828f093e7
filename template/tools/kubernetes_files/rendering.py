"""Render a folder with a `kustomization.yml`, with kubectl if it is installed.

We know as much of Kustomize as the template uses. A test compares the two.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from failures import SystemFailure

from .json_patch import patched

Document = dict[str, Any]
FILE = "kustomization.yml"
WITHOUT_NAMESPACE = {"Namespace"}


def render(folder: Path) -> list[Document]:
    """Return the rendered documents; raises `SystemFailure` if rendering fails."""
    return render_with_kubectl(folder) if shutil.which("kubectl") else render_without_kubectl(folder)


def render_with_kubectl(folder: Path) -> list[Document]:
    """Render with kubectl; raises `SystemFailure` with its error message."""
    done = subprocess.run(["kubectl", "kustomize", folder], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemFailure(f"{folder} cannot be rendered: {done.stderr.strip()}")
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def render_without_kubectl(folder: Path) -> list[Document]:
    """Render without kubectl; raises `SystemFailure` for features that only Kustomize has.

    Names of generated ConfigMaps have no hash at their end.
    """
    return _applied(folder, [])


def _applied(folder: Path, documents: list[Document]) -> list[Document]:
    """Apply a folder, a Kustomization or a Component, to documents: add its own and change them."""
    try:
        content = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SystemFailure(f"{folder / FILE} cannot be read: {error}") from None
    content = {name: value for name, value in content.items() if name not in {"apiVersion", "kind"}}
    if unknown := sorted(content.keys() - _STEPS.keys()):
        raise SystemFailure(f"{folder / FILE} uses {', '.join(unknown)}, which needs kubectl")
    for name, step in _STEPS.items():
        if name in content:
            documents = step(folder, documents, content[name])
    return documents


def _add_resources(folder: Path, documents: list[Document], paths: list[str]) -> list[Document]:
    for path in paths:
        source = folder / path
        documents = [*documents, *(_applied(source, []) if source.is_dir() else _read(source))]
    return documents


def _read(file: Path) -> list[Document]:
    try:
        found = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise SystemFailure(f"{file} cannot be read: {error}") from None
    return [deepcopy(document) for document in found if document]


def _generate(folder: Path, documents: list[Document], generators: list[Mapping[str, Any]]) -> list[Document]:
    for generator in generators:
        name = generator["name"]
        data = dict(literal.split("=", 1) for literal in generator.get("literals", []))
        for file in generator.get("files", []):
            key, _, path = file.rpartition("=")
            data[key or Path(path).name] = (folder / path).read_text(encoding="utf-8")
        if generator.get("behavior") == "merge":
            find(documents, "ConfigMap", name)["data"].update(data)
        else:
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
            documents = [*documents, made]
    return documents


def _apply_components(folder: Path, documents: list[Document], paths: list[str]) -> list[Document]:
    for path in paths:
        documents = _applied(folder / path, documents)
    return documents


def _set_namespace(_: Path, documents: list[Document], namespace: str) -> list[Document]:
    for document in documents:
        if document["kind"] in WITHOUT_NAMESPACE:
            document["metadata"]["name"] = namespace
        else:
            document["metadata"]["namespace"] = namespace
    return documents


def _patch(_: Path, documents: list[Document], patches: list[Mapping[str, Any]]) -> list[Document]:
    for patch in patches:
        operations = yaml.safe_load(patch.get("patch", ""))
        if not isinstance(operations, list) or not patch.get("target", {}).keys() <= {"kind", "name"}:
            raise SystemFailure("a patch is not a list of operations (RFC 6902), which needs kubectl")
        target = find(documents, patch["target"]["kind"], patch["target"].get("name"))
        documents[documents.index(target)] = patched(target, operations)
    return documents


def _set_replicas(_: Path, documents: list[Document], counts: list[Mapping[str, Any]]) -> list[Document]:
    for count in counts:
        find(documents, "Deployment", count["name"])["spec"]["replicas"] = count["count"]
    return documents


def _set_images(_: Path, documents: list[Document], images: list[Mapping[str, str]]) -> list[Document]:
    for container in [container for document in documents for container in containers(document)]:
        for image in images:
            if container["image"].partition("@")[0].partition(":")[0] == image["name"]:
                container["image"] = _image(image, container["image"])
    return documents


def _image(image: Mapping[str, str], given: str) -> str:
    name = image.get("newName", image["name"])
    if digest := image.get("digest"):
        return f"{name}@{digest}"
    tag = image.get("newTag")
    return f"{name}:{tag}" if tag else f"{name}{given.removeprefix(image['name'])}"


_STEPS: Mapping[str, Callable[[Path, list[Document], Any], list[Document]]] = {  # in this order, as Kustomize does
    "resources": _add_resources,
    "configMapGenerator": _generate,
    "components": _apply_components,
    "patches": _patch,
    "namespace": _set_namespace,
    "replicas": _set_replicas,
    "images": _set_images,
}


def find(documents: list[Document], kind: str, name: str | None = None) -> Document:
    """Return the one document of this kind and name; raises `SystemFailure` if there is not exactly one."""
    found = [each for each in documents if each["kind"] == kind and name in {None, each["metadata"]["name"]}]
    if len(found) != 1:
        raise SystemFailure(f"there are {len(found)} of kind {kind}{f' named {name}' if name else ''} instead of one")
    return found[0]


def containers(document: Document) -> list[dict[str, Any]]:
    """Return the containers of a Deployment, with init containers; none for other kinds."""
    if document["kind"] != "Deployment":
        return []
    pod = document["spec"]["template"]["spec"]
    found: list[dict[str, Any]] = [*pod.get("initContainers", []), *pod["containers"]]
    return found
