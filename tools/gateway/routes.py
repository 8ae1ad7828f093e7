"""gateway/dynamic/routes.yml: one router for each operation, one service of Traefik for each of ours."""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from gateway.operations import Operation
from gateway.paths import VALUE, expression, priority
from system.service_folder import ServiceFolder

COMMENT = f"""\
# What is published, and where it is served. `./noxw -s sync` writes this file from the OpenAPI documents.
# A parameter of a path: {{{{ $value := `{VALUE}` }}}}
"""
HEALTH_CHECK = re.compile(r"^( +)healthCheck: .*\n", re.MULTILINE)
# Off where an address stands for several replicas, as in Kubernetes: one that stops would fail the check for all.
UNLESS_OFF = r"""\1# {{ if ne (env "GATEWAY_HEALTH_CHECKS") "off" }}
\g<0>\1# {{ end }}
"""


def routes(services: Sequence[ServiceFolder], operations: Sequence[Operation]) -> str:
    """Return what the file must hold."""
    targets = {service.name: _target(service) for service in services}
    routers = {operation.name: _router(operation) for operation in operations}
    content = {"http": {"routers": routers, "services": targets}} if targets else {}
    text = yaml.safe_dump(content, default_flow_style=None, sort_keys=False, width=10_000)
    return COMMENT + HEALTH_CHECK.sub(UNLESS_OFF, text)


def _router(operation: Operation) -> dict[str, Any]:
    hidden = {"middlewares": ["nothing"], "service": "noop@internal"}
    return {
        "parentRefs": ["with-token", "without-token"],
        "rule": f"({_methods(operation.method)}) && PathRegexp(`{expression(operation.path, value='{{ $value }}')}`)",
        "priority": priority(operation.path),
        **(hidden if operation.is_internal else {"service": operation.service}),
    }


def _methods(method: str) -> str:
    """A service answers HEAD wherever it answers GET; a browser asks before what another origin may not just send."""
    methods = [method, "HEAD"] if method == "GET" else [method]
    preflight = f"Method(`OPTIONS`) && Header(`Access-Control-Request-Method`, `{method}`)"
    return " || ".join([*(f"Method(`{each}`)" for each in methods), preflight])


def _target(service: ServiceFolder) -> dict[str, Any]:
    check = {"path": "/health/ready", "interval": "5s", "unhealthyInterval": "1s", "timeout": "3s"}
    url = f'{{{{ env "{service.gateway_variable}" }}}}'
    return {"loadBalancer": {"servers": [{"url": url}], "healthCheck": check}}
