"""What a team does first, a setting and a table of its own, passes the checks that came with the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from working_copy import Generate
from workshop import WORKSHOPS, Programs

from postgres.server import postgres_environment

SETTINGS = '''"""The settings of this service: those of the chassis, and its own."""

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from chassis.settings import WELL_KNOWN_PASSWORDS, ChassisSettings

from . import IDENTITY


class Smtp(BaseModel):
    """The server that takes mail."""

    host: str = Field(description="Its name.")
    password: SecretStr = Field(description="Its password.")


class Settings(ChassisSettings):
    """What this service needs."""

    identity = IDENTITY

    payment_key: SecretStr = Field(description="Key of the payments.")
    smtp: Smtp = Field(description="The server that takes mail.")

    @field_validator("payment_key")
    @classmethod
    def _refuse_well_known_key(cls, key: SecretStr, others: ValidationInfo) -> SecretStr:
        if others.data.get("environment") == "production" and key.get_secret_value() in WELL_KNOWN_PASSWORDS:
            raise ValueError("is well known")
        return key
'''
DEVELOPMENT = "PAYMENT_KEY=secret\nSMTP__HOST=localhost\nSMTP__PASSWORD=secret\n"
MODELS = '''"""Parcels in PostgreSQL."""

from enum import Enum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class State(Enum):
    """How far it is."""

    PACKED = "packed"
    SENT = "sent"


class ParcelRow(Base):
    """The table."""

    __tablename__ = "parcels"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    state: Mapped[State] = mapped_column(server_default=State.PACKED.name, index=True)
    label: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
'''
BESIDE = '''"""Of another branch, and for ever."""

from alembic import op

revision = "beside"
down_revision = "000000000001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS plpgsql")


def downgrade() -> None:
    raise NotImplementedError("what was written since would be lost")
'''
WRITE_TABLE = """
import pathlib, subprocess, sys
table = subprocess.check_output([sys.executable, "-m", "orders_service", "settings"])
pathlib.Path("SETTINGS.md").write_bytes(table)
"""


@pytest.fixture
def service(generate: Generate) -> Path:
    return generate({"service_name": "orders", "ci": "none"})


@pytest.fixture
def database() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, postgres_environment() as variables:
        for name, value in {**variables, "POSTGRES_DB": "postgres"}.items():
            patch.setenv(name, value)
        yield


def test_settings_that_are_required_have_their_values_for_development_in_one_place(
    service: Path, programs: Programs
) -> None:
    (service / "src/orders_service/settings.py").write_text(SETTINGS)
    with (service / "development.env").open("a") as file:
        file.write(DEVELOPMENT)
    programs.run("python", "-c", WRITE_TABLE, service=service)
    programs.run("python", "-m", "orders_service", "openapi", service=service)
    programs.run("pytest", "--quiet", "tests/conformance", "tests/service", service=service)
    assert "| `SMTP__HOST` | required |" in (service / "SETTINGS.md").read_text()


def test_the_table_of_settings_is_written_after_an_update_or_it_is_said_what_is_left(
    service: Path, programs: Programs
) -> None:
    table = service / "SETTINGS.md"
    before = table.read_bytes()
    for content in (b"", before):
        table.write_bytes(content)
        programs.run("python", "-m", "updates.settings_table", service=service)
        assert table.read_bytes() == before
    (service / "src/orders_service/settings.py").write_text("import gone\n")
    printed = programs.run("python", "-m", "updates.settings_table", service=service)
    assert "SETTINGS.md could not be written, as the service does not start. Once it does, run: PYTHONPATH=" in printed
    assert table.read_bytes() == before


@pytest.mark.usefixtures("database")
def test_generated_migrations_pass_as_they_are(service: Path, programs: Programs) -> None:
    (service / "src/orders_service/infrastructure/database/parcels.py").write_text(MODELS)
    programs.run("python", "-m", "orders_service", "migrate", service=service)
    programs.run("alembic", "revision", "--autogenerate", "-m", "Create parcels", service=service)
    (service / "migrations/versions/20990101_0000_beside.py").write_text(BESIDE)
    programs.run("alembic", "merge", "heads", "-m", "Join both", service=service)
    for command in (["check"], ["format", "--check"]):
        programs.run("ruff", *command, "migrations", service=service)
    programs.run("mypy", f"--cache-dir={WORKSHOPS / 'mypy'}", "migrations", service=service)
    programs.run("pytest", "--quiet", "tests/conformance/test_migrations.py", service=service)
    programs.run("python", "-m", "orders_service", "migrate", service=service)
    programs.run("alembic", "check", service=service)
