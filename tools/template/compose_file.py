"""docker-compose.yml: the gateway, and the compose file of every service (`include` knows no pattern).

And compose/: what each service is told when all run together.
"""

from pathlib import Path

from failures import SystemFailure
from layout import ROOT, services
from system.service_folder import ServiceFolder, read_services
from template import written

NAME = "docker-compose.yml"
HEAD = """\
# All services together: `docker compose up`; needs Docker Compose 2.24 and Docker Engine 25, or later.
# `./noxw -s new` and `./noxw -s sync` write this file.

include:{includes}

services:
  # What it publishes is in gateway/dynamic. The services' own ports are for their documentation, on this machine.
  gateway:
    image: traefik:v3.7
    # Traefik reads its settings from a file or from variables, not from both.
    command: ["--configFile=/etc/traefik/${{OTEL_EXPORTER_OTLP_ENDPOINT:+traced-}}traefik.yml"]
    environment:
{urls}
      GATEWAY_BURST_PER_ADDRESS: ${{GATEWAY_BURST_PER_ADDRESS:-}}
      GATEWAY_BURST_PER_TOKEN: ${{GATEWAY_BURST_PER_TOKEN:-}}
      GATEWAY_CERTIFICATE: ${{GATEWAY_CERTIFICATE:+/run/gateway/certificate.pem}}
      GATEWAY_HEALTH_CHECKS: ${{GATEWAY_HEALTH_CHECKS:-}}
      GATEWAY_KEY: ${{GATEWAY_KEY:+/run/gateway/key.pem}}
      GATEWAY_MAX_BODY_SIZE: ${{GATEWAY_MAX_BODY_SIZE:-}}
      GATEWAY_RATE_PER_ADDRESS: ${{GATEWAY_RATE_PER_ADDRESS:-}}
      GATEWAY_RATE_PER_TOKEN: ${{GATEWAY_RATE_PER_TOKEN:-}}
    ports: ["${{GATEWAY_ADDRESS:-127.0.0.1}}:${{GATEWAY_PORT:-8000}}:8000"]
    volumes:
      - ./gateway:/etc/traefik:ro
      - type: bind
        source: ${{GATEWAY_CERTIFICATE:-/dev/null}}
        target: /run/gateway/certificate.pem
        read_only: true
      - type: bind
        source: ${{GATEWAY_KEY:-/dev/null}}
        target: /run/gateway/key.pem
        read_only: true
    working_dir: /etc/traefik # where it looks for its plugin and routes
    healthcheck:
      test: ["CMD", "traefik", "healthcheck", "--configFile=/etc/traefik/traefik.yml"]
      interval: 10s
      timeout: 3s
      retries: 3
      start_period: 30s
      start_interval: 1s
    user: "65534:65534"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    tmpfs: ["/tmp:size=16m"]
    mem_limit: 512m
    pids_limit: 128
    networks: [services]
    restart: unless-stopped
    stop_grace_period: 15s # above the graceTimeOut of traefik.yml

  # To look at traces and metrics (docs/observability.md); not for production: it keeps nothing.
  observability:
    image: grafana/otel-lgtm:0.34.0
    profiles: [observability]
    ports: ["127.0.0.1:${{GRAFANA_PORT:-3000}}:3000"]
    volumes:
      - ./observability/dashboard.json:/otel-lgtm/allium/dashboard.json:ro
      - ./observability/grafana-dashboards.yml:/otel-lgtm/grafana/conf/provisioning/dashboards/allium.yml:ro
    mem_limit: 2g
    networks: [services]
"""


OVERRIDES = "compose"
ISSUER = "accounts"
"""The service that issues access tokens; without it, no service requires any."""

# Another issuer is named in `.env`, beside docker-compose.yml for all services or in the folder of one.
PUBLIC_URL = "${AUTH_ISSUER:-http://127.0.0.1:${GATEWAY_PORT:-8000}}"
TRUSTED = {
    "AUTHENTICATION": "${AUTHENTICATION:-required}",
    "AUTH_ISSUER": PUBLIC_URL,
    # In containers, past the gateway; set both, if need be to nothing, with another AUTH_ISSUER.
    "AUTH_JWKS_URL": f"${{AUTH_JWKS_URL-http://{ISSUER}:8000/oauth/jwks}}",
    "AUTH_TOKEN_URL": f"${{AUTH_TOKEN_URL-http://{ISSUER}:8000/oauth/token}}",
}
OURS = "# What all services together add to"
OVERRIDE = f"""\
{OURS} {{name}}: whose access tokens count. `./noxw -s sync` writes this file.
services:
  {{name}}: &tokens
    environment:
{{variables}}
  {{name}}-migrate: *tokens
"""


def wanted(root: Path = ROOT) -> dict[Path, str]:
    """Return the required content of each file for the current services."""
    folders = read_services(services(root))
    _refuse_one_port(folders)
    overrides = {}
    if any(folder.name == ISSUER for folder in folders):
        overrides = {folder: root / OVERRIDES / f"{folder.name}.yml" for folder in folders}
    includes = "".join(f"\n  - path: {_paths(folder, overrides.get(folder), root)}" for folder in folders) or " []"
    whole = HEAD.format(includes=includes, urls="\n".join(map(_url, folders)))
    return {root / NAME: whole} | {path: _override(folder) for folder, path in overrides.items()}


def _refuse_one_port(folders: list[ServiceFolder]) -> None:
    ports: dict[int, str] = {}
    for folder in folders:
        if folder.port in ports:
            raise SystemFailure(
                f"{ports[folder.port]} and {folder.name} have the same port, {folder.port}. "
                f"Give services/{folder.path.name}/.copier-answers.yml another, and run ./noxw -s sync"
            )
        ports[folder.port] = folder.name


def _paths(folder: ServiceFolder, override: Path | None, root: Path) -> str:
    own = folder.path / "compose.override.yml"
    paths = [folder.path / "compose.yml", *([override] if override else []), *([own] if own.is_file() else [])]
    return f"[{', '.join(path.relative_to(root).as_posix() for path in paths)}]"


def _override(folder: ServiceFolder) -> str:
    # The issuer has its own keys.
    variables = {"AUTH_ISSUER": PUBLIC_URL} if folder.name == ISSUER else TRUSTED
    lines = "\n".join(f"      {name}: {value}" for name, value in variables.items())
    return OVERRIDE.format(name=folder.name, variables=lines)


def _url(folder: ServiceFolder) -> str:
    """Return the URL in containers, where every service listens on port 8000 and its name is its host."""
    return f"      {folder.gateway_variable}: http://{folder.name}:8000"


def stale(root: Path = ROOT) -> list[Path]:
    """Return the files that are missing or outdated, relative to the root."""
    return [path.relative_to(root) for path in _stale(wanted(root), root)]


def write(root: Path = ROOT) -> list[Path]:
    """Update the files; return those that changed."""
    files = wanted(root)
    changed = _stale(files, root)
    written.write(files, changed)
    return [path.relative_to(root) for path in changed]


def _stale(files: dict[Path, str], root: Path) -> list[Path]:
    return written.stale(files, [root / NAME, *(root / OVERRIDES).glob("*.yml")], mark=OURS)
