"""kubernetes/ covers exactly the services that enable it."""

from pathlib import Path

import pytest
import yaml

from kubernetes_system.files import stale, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository of three services, one of which does not run on Kubernetes."""
    for number, (name, answer) in enumerate({"accounts": "true", "order-lines": "true", "parcels": "false"}.items()):
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        answers = f"service_name: {name}\nport: {8001 + number}\nupstreams: []\nkubernetes: {answer}\n"
        (folder / ".copier-answers.yml").write_text(answers, encoding="utf-8")
    (tmp_path / "gateway").mkdir()
    assert write(tmp_path)
    return tmp_path


def content(root: Path, file: str) -> str:
    return (root / "kubernetes" / file).read_text(encoding="utf-8")


def test_includes_services_that_enable_kubernetes(root: Path) -> None:
    overlays = [
        "../services/accounts/kubernetes/overlays/production",
        "../services/order-lines/kubernetes/overlays/production",
    ]
    whole = yaml.safe_load(content(root, "kustomization.yml"))
    assert whole["resources"] == ["namespace.yml", "gateway", *overlays]
    assert "ORDER_LINES_URL, value: http://order-lines:8000" in content(root, "gateway/deployment.yml")
    assert "values: [accounts, order-lines]" in content(root, "gateway/network-policy.yml")


def test_all_other_services_fetch_the_keys_of_the_issuer(root: Path) -> None:
    assert "values: [order-lines]" in content(root, "tokens/network-policy.yml")
    generators = yaml.safe_load(content(root, "tokens/kustomization.yml"))["configMapGenerator"]
    assert [generator["name"] for generator in generators] == ["order-lines-settings"]


def test_no_service_fetches_keys_without_the_issuer(root: Path) -> None:
    (root / "services/accounts/.copier-answers.yml").unlink()
    write(root)
    assert "components" not in yaml.safe_load(content(root, "kustomization.yml"))
    assert not (root / "kubernetes/tokens/kustomization.yml").exists()


def test_reports_and_restores_edited_files_and_keeps_others(root: Path) -> None:
    (root / "kubernetes/namespace.yml").write_text("kind: Namespace\n", encoding="utf-8")
    own = root / "kubernetes/own.yml"
    own.write_text("kind: ConfigMap\n", encoding="utf-8")
    assert stale(root) == [Path("kubernetes/namespace.yml")]
    assert write(root) == [Path("kubernetes/namespace.yml")]
    assert stale(root) == []
    assert own.exists()


def test_removes_all_files_if_no_service_enables_kubernetes(root: Path) -> None:
    for answers in root.glob("services/*/.copier-answers.yml"):
        answers.unlink()
    write(root)
    assert not [*root.rglob("*.yml")]
