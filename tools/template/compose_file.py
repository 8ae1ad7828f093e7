"""docker-compose.yml: the gateway, and the compose file of every service (`include` knows no pattern)."""

from pathlib import Path

from layout import ROOT, services
from system.service_folder import ServiceFolder, read_services

NAME = "docker-compose.yml"
HEAD = """\
# All services together: `docker compose up`. `./noxw -s new` and `./noxw -s sync` write this file.
name: allium

include:{includes}

services:
  # What it publishes is in gateway/dynamic. The services' own ports are for their documentation, on this machine.
  gateway:
    image: traefik:v3.7
    command: ["--configFile=/etc/traefik/traefik.yml"]
    environment:
{urls}
      GATEWAY_BURST_PER_ADDRESS: ${{GATEWAY_BURST_PER_ADDRESS:-}}
      GATEWAY_BURST_PER_TOKEN: ${{GATEWAY_BURST_PER_TOKEN:-}}
      GATEWAY_CERTIFICATE: ${{GATEWAY_CERTIFICATE:+/run/gateway/certificate.pem}}
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
"""


def wanted(root: Path = ROOT) -> str:
    """Return what the file must hold for the services that there are."""
    folders = read_services(services(root))
    paths = [(folder.path / "compose.yml").relative_to(root).as_posix() for folder in folders]
    includes = "".join(f"\n  - {path}" for path in paths) or " []"
    return HEAD.format(includes=includes, urls="\n".join(map(_url, folders)))


def _url(folder: ServiceFolder) -> str:
    """In containers every service listens on port 8000 and is known by its name."""
    return f"      {folder.gateway_variable}: http://{folder.name}:8000"


def stale(root: Path = ROOT) -> bool:
    """Say whether the file is missing or is for other services than there are."""
    file = root / NAME
    return not file.is_file() or file.read_text(encoding="utf-8") != wanted(root)


def write(root: Path = ROOT) -> bool:
    """Bring the file up to date; say whether that changed it."""
    changed = stale(root)
    if changed:
        (root / NAME).write_text(wanted(root), encoding="utf-8")
    return changed
