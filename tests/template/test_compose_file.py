import shutil
from pathlib import Path

import pytest
import yaml
from working_copy import Copy

FILE = "docker-compose.yml"
KUBERNETES = "kubernetes/kustomization.yml"


@pytest.fixture(scope="module")
def with_orders(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a clone with a new service; no test changes it."""
    clone = original.clone(tmp_path_factory.mktemp("with orders") / "allium")
    assert clone.scaffold("new", "orders").returncode == 0
    return clone


@pytest.fixture
def clone_of_users(original_of_users: Copy, tmp_path: Path) -> Copy:
    """Return a clone with users alone."""
    return original_of_users.clone(tmp_path / "a clone")


def included(copy: Copy) -> list[list[str]]:
    """Return the included files of each service."""
    parts = yaml.safe_load((copy.root / FILE).read_text(encoding="utf-8"))["include"]
    return [part["path"] for part in parts]


def files_of(name: str) -> list[str]:
    """Return the Compose files of a service: users and friends have an additional one, which names the container."""
    own = [f"services/{name}/compose.override.yml"] if name in {"users", "friends"} else []
    return [f"services/{name}/compose.yml", f"compose/{name}.yml", *own]


def test_includes_every_service(original: Copy) -> None:
    assert included(original) == [files_of(name) for name in ("accounts", "friends", "users")]


def test_publishes_only_the_gateway_with_the_urls_of_all_services(original: Copy) -> None:
    services = yaml.safe_load((original.root / FILE).read_text(encoding="utf-8"))["services"]
    assert services.keys() == {"gateway", "observability"}
    assert all(port.startswith("127.0.0.1:") for port in services["observability"]["ports"])
    gateway = services["gateway"]
    assert gateway["ports"] == ["${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8000}:8000"]
    urls = {name: url for name, url in gateway["environment"].items() if name.endswith("_URL")}
    services = ("accounts", "friends", "users")
    assert urls == {f"{service.upper()}_URL": f"http://{service}:8000" for service in services}


def test_includes_the_override_file_of_a_service(clone_of_users: Copy) -> None:
    compose, override = "services/users/compose.yml", "services/users/compose.override.yml"
    assert included(clone_of_users) == [[compose, override]]
    content = (clone_of_users.root / override).read_bytes()
    (clone_of_users.root / override).unlink()
    assert clone_of_users.scaffold("sync").returncode == 0
    assert included(clone_of_users) == [[compose]]
    (clone_of_users.root / override).write_bytes(content)
    assert clone_of_users.scaffold("sync").returncode == 0
    assert included(clone_of_users) == [[compose, override]]


def test_includes_a_new_service_at_once(with_orders: Copy) -> None:
    assert files_of("orders") in included(with_orders)
    cluster = (with_orders.root / KUBERNETES).read_text(encoding="utf-8")
    assert "../services/orders/kubernetes/overlays/production" in cluster  # as all other services have it
    assert with_orders.scaffold("drift").returncode == 0


def test_drift_reports_a_service_that_is_not_included_and_sync_adds_it(clone_of_users: Copy) -> None:
    clone = clone_of_users
    (clone.root / FILE).write_text("include: []\n", encoding="utf-8")
    (clone.root / KUBERNETES).write_text("resources: []\n", encoding="utf-8")
    drift = clone.scaffold("drift")
    assert drift.returncode == 1
    for file in (FILE, KUBERNETES):
        assert f"{file} does not match the services" in drift.stdout
    assert clone.scaffold("sync").returncode == 0
    assert clone.scaffold("drift").returncode == 0


def told(copy: Copy, name: str) -> dict[str, str]:
    """Return the settings of a service when all run together, also of its migration, which validates its settings."""
    parts = yaml.safe_load((copy.root / f"compose/{name}.yml").read_text(encoding="utf-8"))["services"]
    assert parts.keys() == {name, f"{name}-migrate"}
    assert parts[name] == parts[f"{name}-migrate"]
    variables: dict[str, str] = parts[name]["environment"]
    return variables


def test_every_service_trusts_the_tokens_of_accounts(with_orders: Copy) -> None:
    public_url = "${AUTH_ISSUER:-http://127.0.0.1:${GATEWAY_PORT:-8000}}"
    assert told(with_orders, "accounts") == {"AUTH_ISSUER": public_url}
    for name in ("friends", "orders", "users"):
        assert told(with_orders, name)["AUTH_ISSUER"] == public_url


def test_without_accounts_requires_no_tokens_and_removes_its_files(clone: Copy) -> None:
    own = clone.root / "compose/ours.yml"
    own.write_text("services: {}\n", encoding="utf-8")
    shutil.rmtree(clone.root / "services/accounts")
    assert "compose/users.yml does not match the services" in clone.scaffold("drift").stdout
    assert clone.scaffold("sync").returncode == 0
    assert all(
        f"compose/{name}.yml" not in paths for name, paths in zip(("friends", "users"), included(clone), strict=True)
    )
    assert [path.name for path in (clone.root / "compose").iterdir()] == [own.name]
