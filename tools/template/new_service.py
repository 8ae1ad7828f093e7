import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from copier.errors import CopierError

from dependencies import lock
from kubernetes_system import files as kubernetes
from layout import ROOT, answers, services
from system.gateway_process import NAME as GATEWAY
from system.gateway_process import PORT
from system.service_folder import read_services
from template import compose_file
from template.rendering import render

FIRST_PORT = 8001


def new(given: dict[str, Any]) -> int:
    """Generate a service below services/; return 1, after printing why and leaving nothing, if that is impossible."""
    name, folder = given["service_name"], ROOT / "services" / given["service_name"]
    if folder.exists():
        print(f"services/{name} exists already. Choose another name or delete it.", file=sys.stderr)
        return 1
    if name == GATEWAY:
        print(f"A service cannot be named {GATEWAY}: that is the program in front of them.", file=sys.stderr)
        return 1
    others = read_services(services())
    ports = {PORT: f"the {GATEWAY}"} | {service.port: service.name for service in others}
    port = given.setdefault("port", next(port for port in range(FIRST_PORT, 65536) if port not in ports))
    if port in ports:
        print(f"Port {port} belongs to {ports[port]}. Choose another.", file=sys.stderr)
        return 1
    given.setdefault("ci", "none")  # workflows in a subfolder never run
    given.setdefault("kubernetes", any(answers(service).get("kubernetes") for service in services()))
    (ROOT / ".allium").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".allium", prefix="new-") as temporary:
        made = Path(temporary) / "service"
        try:
            render(made, given, seed=True)
        except (CopierError, ValueError) as error:
            print(str(error).removeprefix("Validation error for "), file=sys.stderr)
            return 1
        try:
            if lock.stale(made):
                lock.lock(made, upgrade=None)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            print(f"The dependencies of services/{name} could not be locked: {error}", file=sys.stderr)
            return 1
        folder.parent.mkdir(exist_ok=True)
        made.rename(folder)
    compose_file.write()
    kubernetes.write()
    print(f"Generated services/{name}. `./noxw -s serve` runs it with the others, on port {port}.")
    for upstream in sorted(set(given.get("upstreams", [])) - {service.name for service in others}):
        variable = f"{upstream.replace('-', '_').upper()}_SERVICE_URL"
        print(f"There is no service named {upstream} here. Set its address in {variable}.", file=sys.stderr)
    print("To publish it through the gateway, run `./noxw -s sync` now and after each change of its API.")
    return 0
