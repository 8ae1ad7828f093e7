"""The settings in `kubernetes/` let the service start in production."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from chassis.settings import ChassisSettings
from chassis.settings.variables import variables
from kubernetes_files.given_settings import given
from kubernetes_files.rendering import containers, find, render

SERVICE_FOLDER = Path(__file__).parents[2]
OVERLAYS = sorted(path for path in (SERVICE_FOLDER / "kubernetes/overlays").glob("*") if path.is_dir())


def files(kind: type[ChassisSettings], settings: Mapping[str, str | None], folder: Path) -> Path:
    """Write each value as a Pod has it, with placeholders for secrets that may be any text; return the folder."""
    texts = {variable.names[0] for variable in variables(kind) if variable.fields[-1][1].annotation in {str, SecretStr}}
    for name, value in settings.items():
        if value is not None or name in texts:
            (folder / name.lower()).write_text(secrets.token_urlsafe(32) if value is None else value, encoding="utf-8")
    return folder


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.name)
def test_service_and_migration_start_with_the_settings_of_an_overlay(
    overlay: Path, settings: ChassisSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(settings)
    for variable in variables(kind):
        for name in variable.names:
            monkeypatch.delenv(name, raising=False)
    documents = render(overlay)
    deployment = find(documents, "Deployment")
    for container in containers(deployment):
        values = given(documents, deployment, container)
        folder = tmp_path / container["name"]
        folder.mkdir()
        started = kind(_secrets_dir=files(kind, values, folder))
        assert started.environment == "production"
