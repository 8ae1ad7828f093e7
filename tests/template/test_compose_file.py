import yaml
from working_copy import Copy

FILE = "docker-compose.yml"


def included(copy: Copy) -> list[str]:
    paths: list[str] = yaml.safe_load((copy.root / FILE).read_text(encoding="utf-8"))["include"]
    return paths


def test_includes_every_service(clone: Copy) -> None:
    assert included(clone) == [f"services/{name}/compose.yml" for name in ("accounts", "friends", "users")]


def test_only_the_gateway_is_published_to_others_and_finds_every_service(clone: Copy) -> None:
    (name, gateway), *others = yaml.safe_load((clone.root / FILE).read_text(encoding="utf-8"))["services"].items()
    assert (name, others) == ("gateway", [])
    assert gateway["ports"] == ["${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8000}:8000"]
    urls = {name: url for name, url in gateway["environment"].items() if name.endswith("_URL")}
    services = ("accounts", "friends", "users")
    assert urls == {f"{service.upper()}_URL": f"http://{service}:8000" for service in services}


def test_includes_a_new_service_at_once(clone: Copy) -> None:
    assert clone.scaffold("new", "orders").returncode == 0
    assert "services/orders/compose.yml" in included(clone)
    assert clone.scaffold("drift").returncode == 0


def test_drift_objects_to_a_service_that_is_not_included_and_sync_heals_it(clone: Copy) -> None:
    (clone.root / FILE).write_text("include: [services/users/compose.yml]\n", encoding="utf-8")
    drift = clone.scaffold("drift")
    assert drift.returncode == 1
    assert f"{FILE} is not for exactly the services" in drift.stdout
    assert clone.scaffold("sync").returncode == 0
    assert clone.scaffold("drift").returncode == 0
