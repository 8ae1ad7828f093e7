"""All output of the process is one JSON object per line, from the first moment on, and contains no secret."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr

from chassis.logs import configure_logging, redactor_for

from ..sample_process import PACKAGE, SERVICE_FOLDER, python_path
from ..sample_service import IDENTITY
from ..sample_service.settings import Settings

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SETUP = "from chassis.logs import *; from sample_service import IDENTITY; configure_default_logging(IDENTITY)\n"
LOST_TASK = """
import asyncio
async def fail(): raise ValueError('x')
async def main(): asyncio.create_task(fail())
asyncio.run(main())
"""
IGNORED_WITHOUT_AN_OBJECT = """
import sys, types
ignored = types.SimpleNamespace(exc_value=ValueError('x'), err_msg='planted', object=None)
sys.unraisablehook(ignored)
"""


def run(*arguments: str, path: str = "", **variables: str) -> tuple[int, list[dict[str, Any]]]:
    """Run Python in the folder of the service; return its exit code and its stdout, which must be our JSON lines."""
    defaults = {"PATH": os.environ["PATH"], "PYTHONPATH": python_path(path) if path else python_path()}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=SERVICE_FOLDER,
        env=defaults | {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"} | variables,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    for line in lines:
        assert list(line)[:6] == ["timestamp", "level", "logger", "message", "service", "version"]
        assert TIMESTAMP.fullmatch(line["timestamp"])
        assert (line["service"], line["version"]) == (IDENTITY.name, IDENTITY.version)
    return done.returncode, lines


def service(*arguments: str, **variables: str) -> tuple[int, list[dict[str, Any]]]:
    return run("-m", PACKAGE, *arguments, **variables)


def test_logs_invalid_settings() -> None:
    code, lines = service("serve", PORT="planted", LOG_LEVEL="planted", POSTGRES_PASSWORD="planted-password")
    assert code == os.EX_CONFIG
    assert {line["logger"] for line in lines} == {"chassis.process.startup"}
    assert [line["message"].split(":")[:2] for line in lines] == [
        ["invalid setting", " PORT"],
        ["invalid setting", " LOG_LEVEL"],
    ]
    assert "planted" not in str(lines)


def test_logs_why_a_password_is_invalid() -> None:
    _, [line] = service("serve", ENVIRONMENT="production", AUTHENTICATION="off", POSTGRES_PASSWORD="changeme")
    assert line["message"].startswith("invalid setting: POSTGRES_PASSWORD: is ")
    assert "[redacted]" not in line["message"]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["serve", "--planted"]])
def test_logs_invalid_arguments(arguments: list[str]) -> None:
    code, [line] = service(*arguments)
    assert code == os.EX_USAGE
    assert (line["level"], line["logger"]) == ("CRITICAL", "chassis.process.commands")


@pytest.mark.parametrize(("library", "expected"), [("pythonjsonlogger", 1), ("fastapi", 1), ("sqlalchemy", 3)])
def test_logs_a_missing_library(tmp_path: Path, library: str, expected: int) -> None:
    (tmp_path / f"{library}.py").write_text("raise ImportError('no such library')")
    code, [line] = service("serve", path=str(tmp_path), PORT="0")
    assert code == expected
    assert line["exception.type"] == "ImportError"
    assert line["exception.message"] == "no such library"


def test_logs_an_unreachable_database() -> None:
    code, lines = service("migrate", POSTGRES_PASSWORD="planted-password")
    assert code == 1
    assert lines[-1]["level"] in {"ERROR", "CRITICAL"}
    assert "planted" not in str(lines)


def test_logs_a_port_that_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        code, lines = service("serve", PORT=str(busy.getsockname()[1]))
    assert code != 0
    assert "Address already in use" in str(lines)


def test_logs_a_log_file_that_cannot_be_written() -> None:
    code, [line] = service("serve", LOG_FILE="/nowhere/at/all", PORT="0")
    assert code == os.EX_CONFIG
    assert (line["level"], line["logger"]) == ("CRITICAL", "chassis.logs.configuration")
    assert line["message"] == "invalid setting: LOG_FILE: No such file or directory"


@pytest.mark.parametrize(
    ("code", "logger", "level", "message"),
    [
        ("import warnings; warnings.warn('careful')", "py.warnings", "WARNING", r"<string>:2: UserWarning: careful.*"),
        ("raise ValueError('planted')", "uncaught", "CRITICAL", "uncaught exception"),
        ("import threading\ndef f(): raise ValueError('x')\nt = threading.Thread(target=f); t.start(); t.join()",
         "uncaught", "CRITICAL", "uncaught exception in a thread"),
        ("class A:\n  def __del__(self): raise ValueError('x')\na = A(); del a", "uncaught", "ERROR",
         "[Ee]xception ignored .*<function A.__del__ at [^>]*>"),
        (IGNORED_WITHOUT_AN_OBJECT, "uncaught", "ERROR", "planted"),
        (LOST_TASK, "asyncio", "ERROR", "Task exception was never retrieved.*"),
        ("async def f(): pass\nf()", "py.warnings", "WARNING", ".*never awaited.*"),
        ("import logging; logging.getLogger('x').info('%d', 'one')", "x", "ERROR",
         r"unloggable message at <string>:2: '%d' \(TypeError\)"),
        ("import logging; logging.getLogger('x').info('%s %s', 'one')", "x", "ERROR",
         r"unloggable message at <string>:2: '%s %s' \(TypeError\)"),
        ("import logging\nclass A:\n  def __repr__(self): raise ValueError('x')\nlogging.getLogger('x').error(A())",
         "x", "ERROR", r"unloggable message at <string>:5: <A object> \(ValueError\)"),
        ("import logging; logging.getLogger('x').info({'a': 1, 2: {3}})", "x", "INFO", ""),
        ("import logging; logging.getLogger('x').info('\\ud800', extra={'n': 2**70, 'f': float('nan')})", "x", "INFO",
         "\ud800"),
        ("import logging; logging.getLogger('x').info('m', extra={'level': 'F', 'service': 'F'})", "x", "INFO", "m"),
        ("import logging; logging.getLogger('x').info('m', stack_info=True)", "x", "INFO", "m"),
        ("import logging; logging.getLogger('x').exception('no exception')", "x", "ERROR", "no exception"),
        ("import logging; logging.getLogger('uvicorn.error').warning('m', extra={'color_message': 'c'})",
         "uvicorn.error", "WARNING", "m"),
    ],
)  # fmt: skip
def test_logs_warnings_prints_and_uncaught_exceptions_as_json(code: str, logger: str, level: str, message: str) -> None:
    _, [line] = run("-c", SETUP + code)
    assert (line["logger"], line["level"]) == (logger, level)
    assert re.fullmatch(message, line["message"], re.DOTALL)
    assert line.get("exception.type") == ("ValueError" if logger in {"uncaught", "asyncio"} else None)


def test_logs_an_uncaught_exception_with_type_and_stack_trace() -> None:
    _, [line] = run("-c", SETUP + "import json\njson.loads('{')")
    assert line["exception.type"] == "json.decoder.JSONDecodeError"
    assert line["exception.message"].startswith("Expecting property name")
    assert line["exception.stacktrace"].startswith("Traceback (most recent call last):\n")


def test_logs_the_stack_trace_of_an_exception_without_text() -> None:
    code = """
import logging
class E(Exception):
    def __str__(self): raise RuntimeError('planted')
    __repr__ = __str__
try:
    raise E
except E as error:
    logging.exception("failed: %s", error)
raise E
"""
    _, (logged, uncaught) = run("-c", SETUP + code)
    assert logged["message"] == "unloggable message at <string>:10: 'failed: %s' (RuntimeError)"
    assert uncaught["message"] == "uncaught exception"
    for line in (logged, uncaught):
        assert line["exception.type"] == "__main__.E"
        assert line["exception.stacktrace"].startswith("Traceback (most recent call last):\n")


def test_logs_nothing_if_a_thread_exits() -> None:
    code = SETUP + "import sys, threading\nthread = threading.Thread(target=sys.exit)\nthread.start()\nthread.join()"
    assert run("-c", code) == (0, [])


def test_silences_the_access_log_of_uvicorn() -> None:
    assert run("-c", SETUP + "import logging; logging.getLogger('uvicorn.access').info('GET /')")[1] == []


def test_logs_after_code_closed_stdout() -> None:
    code, [line] = run("-c", SETUP + "import os, logging\nos.close(1)\nlogging.error('x')\nos._exit(7)")
    assert (code, line["message"]) == (7, "x")


def test_works_if_stdout_is_closed_at_startup() -> None:
    """Descriptor 1 then belongs to some other file, which must not receive log lines."""
    program = "import sys; sys.stdout = sys.__stdout__ = None\n" + SETUP + "import logging\nlogging.error('x')"
    assert run("-c", program) == (0, [])


def test_rotates_the_log_file_by_size(tmp_path: Path) -> None:
    configure_logging(Settings(log_file=tmp_path / "log", log_file_max_bytes=2_000, log_file_backups=2))
    for number in range(100):
        logging.getLogger("x").info("line %d", number)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert json.loads((tmp_path / "log").read_text().splitlines()[-1])["message"] == "line 99"
    for file in tmp_path.iterdir():
        assert file.stat().st_size <= 2_000
        assert all(json.loads(line)["logger"] == "x" for line in file.read_text().splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="macOS has no /dev/full")
def test_reports_a_full_disk_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(log_file=Path("/dev/full"), log_file_max_bytes=10**9))
    for _ in range(3):
        logging.getLogger("x").info("message")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [failure] = [line for line in lines if line["message"] == "cannot write LOG_FILE: No space left on device"]
    assert (failure["level"], failure["logger"]) == ("ERROR", "chassis.logs.handlers")
    assert [line["message"] for line in lines if line != failure] == ["message"] * 3


def test_finds_the_secrets_in_the_settings() -> None:
    settings = Settings(postgres_password=SecretStr("planted-password"))
    assert redactor_for(settings).text("it is planted-password") == "it is [redacted]"
    assert redactor_for(Settings(postgres_password=SecretStr("postgres"))).text("postgres") == "postgres"


class Mail(BaseModel):
    password: SecretStr = SecretStr("planted-in-a-model")


@dataclass(frozen=True)
class Account:
    key: SecretStr


class SettingsWithSecrets(Settings):
    mail: Mail = Mail()
    keys: list[SecretStr] = Field([SecretStr("planted-in-a-list")])
    by_name: dict[str, list[Mail]] = Field({"a": [Mail(password=SecretStr("planted-in-a-dict"))]})
    raw: SecretBytes = SecretBytes(b"planted-\xff-bytes")
    own: Secret[int] = Secret(1234567890)
    account: Account = Account(SecretStr("planted-in-a-dataclass"))


@pytest.mark.parametrize(
    "secret",
    [
        "planted-in-a-model",
        "planted-in-a-list",
        "planted-in-a-dict",
        "planted-in-a-dataclass",
        repr(b"planted-\xff-bytes")[2:-1],
        "planted-\ufffd-bytes",
        "1234567890",
    ],
)
def test_finds_secrets_in_nested_settings(secret: str) -> None:
    assert redactor_for(SettingsWithSecrets()).text(f"it is {secret}.") == "it is [redacted]."


def test_masks_secret_settings_on_stdout_and_in_the_log_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(postgres_password=SecretStr("planted-password"), log_file=tmp_path / "log"))
    logging.getLogger("x").warning("it is planted-password")
    for line in (capsys.readouterr().out, (tmp_path / "log").read_text()):
        assert json.loads(line)["message"] == "it is [redacted]"


def test_applies_log_format_and_log_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(log_format="console", log_level="WARNING"))
    logging.getLogger("x").info("message")
    logging.getLogger("x").warning("message")
    assert re.fullmatch(r"\S+ WARNING  message  x\n", capsys.readouterr().out)
