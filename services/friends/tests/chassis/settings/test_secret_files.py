"""Secret files are read like variables, or refused with a message that names the file and the setting."""

import os
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.process import load_settings

from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


class Smtp(BaseModel):
    password: SecretStr
    port: int = 25


class Nested(Settings):
    smtp: Smtp | None = None


@pytest.fixture
def kind(tmp_path: Path) -> type[Nested]:
    class WithSecrets(Nested):
        model_config = SettingsConfigDict(secrets_dir=tmp_path)

    return WithSecrets


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"from-a-file\n", "from-a-file"),
        (b"from-a-file\r\n", "from-a-file"),
        (b" spaces stay \n", " spaces stay "),
        ("\ufeffgr\u00fc\u00df".encode(), "gr\u00fc\u00df"),
        (b"", ""),
        (b"\n", ""),
    ],
)
def test_strips_only_the_line_end(kind: type[Nested], tmp_path: Path, content: bytes, password: str) -> None:
    (tmp_path / "postgres_password").write_bytes(content)
    assert load_settings(kind).postgres_password.get_secret_value() == password


def test_a_non_empty_variable_overrides_a_file(
    kind: type[Nested], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres_password").write_text("from-a-file")
    monkeypatch.setenv("POSTGRES_PASSWORD", "from-the-environment")
    assert load_settings(kind).postgres_password.get_secret_value() == "from-the-environment"
    monkeypatch.setenv("POSTGRES_PASSWORD", "")
    assert load_settings(kind).postgres_password.get_secret_value() == "from-a-file"


def test_merges_nested_secret_files_with_the_environment(
    kind: type[Nested], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smtp__password").write_text("from-a-file\n")
    monkeypatch.setenv("SMTP__PORT", "587")
    smtp = load_settings(kind).smtp
    assert smtp == Smtp(password=SecretStr("from-a-file"), port=587)


def test_follows_symbolic_links_of_kubernetes(kind: type[Nested], tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "postgres_password").write_text("from-a-file")
    (tmp_path / "postgres_password").symlink_to("..data/postgres_password")
    assert load_settings(kind).postgres_password.get_secret_value() == "from-a-file"


def test_ignores_unknown_files(kind: type[Nested], tmp_path: Path) -> None:
    (tmp_path / "certificate.p12").write_bytes(b"\xff\xfe")
    (tmp_path / "kubernetes.io").mkdir()
    assert load_settings(kind).smtp is None


@pytest.mark.parametrize("content", [b"\xff" + PLANTED.encode(), PLANTED.encode("utf-16"), PLANTED.encode("utf-16-le")])
def test_refuses_a_file_that_is_not_utf_8(
    kind: type[Nested], tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "smtp__password"
    file.write_bytes(content)
    (line,) = unusable(caplog, kind)
    assert line.startswith(f"SMTP__PASSWORD: {file} ")
    assert "UTF-8" in line


def test_refuses_what_is_not_a_regular_file(
    kind: type[Nested], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "postgres_password").mkdir()
    os.mkfifo(tmp_path / "smtp__password")
    (tmp_path / "postgres_user").symlink_to("nowhere")
    assert unusable(caplog, kind) == [
        f"POSTGRES_PASSWORD: {tmp_path}/postgres_password is a folder, not a file",
        f"POSTGRES_USER: {tmp_path}/postgres_user cannot be read: No such file or directory",
        f"SMTP__PASSWORD: {tmp_path}/smtp__password is not a file",
    ]


def test_refuses_an_unreadable_file(
    kind: type[Nested], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path) -> bytes:  # file permissions do not stop a test that runs as root
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "postgres_password").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert unusable(caplog, kind) == [
        f"POSTGRES_PASSWORD: {tmp_path}/postgres_password cannot be read: Permission denied"
    ]


def test_names_the_variable_of_an_invalid_value(
    kind: type[Nested], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "smtp__port").write_text(PLANTED)
    (tmp_path / "smtp__password").write_text("of-mail")
    (line,) = unusable(caplog, kind)
    assert line.startswith("SMTP__PORT: ")
