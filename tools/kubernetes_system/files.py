"""The required content of kubernetes/ and gateway/kustomization.yml for the current services."""

from collections.abc import Sequence
from pathlib import Path

from layout import ROOT, answers, services
from system.service_folder import ServiceFolder, read_services
from template import written

NAMESPACE = "allium"
FOLDER = "kubernetes"
GATEWAY_FOLDER = "gateway"
ISSUER = "accounts"
"""The service that issues access tokens; the others fetch its keys directly."""
TEMPLATES = Path(__file__).with_name("manifests")
OURS = "# `./noxw -s sync` writes this file."
SYSTEM = f"""\
{OURS} All services together, with the gateway in front of them; docs/kubernetes.md.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {NAMESPACE}
resources:
  - namespace.yml
  - gateway
{{overlays}}
{{tokens}}"""
TOKENS = """\
components:
  - tokens
"""
COMPONENT = f"""\
{OURS} The services fetch the keys of {ISSUER} past the gateway.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [network-policy.yml]
configMapGenerator:
{{settings}}
"""
SETTINGS = f"""\
  - name: {{name}}-settings
    behavior: merge
    literals:
      - auth_jwks_url=http://{ISSUER}:8000/oauth/jwks
      - auth_token_url=http://{ISSUER}:8000/oauth/token"""
CONFIGURATION = f"""\
{OURS} The configuration of the gateway for kubernetes/gateway.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
configMapGenerator:
  - name: gateway-configuration
    files:
      - traefik.yml
      - middlewares.yml=dynamic/middlewares.yml
      - routes.yml=dynamic/routes.yml
      - manifest.yml=plugins-local/src/allium/problems/.traefik.yml
      - go.mod=plugins-local/src/allium/problems/go.mod
      - problems.go=plugins-local/src/allium/problems/problems.go
"""


def on_kubernetes(root: Path = ROOT) -> list[ServiceFolder]:
    """Return the services whose answer `kubernetes` is yes."""
    return read_services([folder for folder in services(root) if answers(folder).get("kubernetes")])


def wanted(root: Path = ROOT) -> dict[Path, str]:
    """Return the content of each file; no files if no service runs on Kubernetes."""
    folders = on_kubernetes(root)
    if not folders:
        return {}
    top = root / FOLDER
    others = [folder for folder in folders if folder.name != ISSUER]
    has_tokens = len(others) < len(folders)
    overlays = "\n".join(f"  - ../services/{folder.path.name}/kubernetes/overlays/production" for folder in folders)
    system = SYSTEM.format(overlays=overlays, tokens=TOKENS if has_tokens and others else "")
    files = {
        top / "kustomization.yml": system,
        top / "namespace.yml": _template("namespace.yml"),
        **{top / "gateway" / name: _gateway(name, folders) for name in GATEWAY_FILES},
        root / GATEWAY_FOLDER / "kustomization.yml": CONFIGURATION,
    }
    if has_tokens and others:
        settings = "\n".join(SETTINGS.format(name=folder.name) for folder in others)
        files[top / "tokens/kustomization.yml"] = COMPONENT.format(settings=settings)
        names = ", ".join(folder.name for folder in others)
        files[top / "tokens/network-policy.yml"] = _template("tokens.yml").replace("OTHERS", names)
    return files


GATEWAY_FILES = ("kustomization.yml", "deployment.yml", "service.yml", "network-policy.yml")


def _gateway(name: str, folders: Sequence[ServiceFolder]) -> str:
    urls = "\n".join(
        f"            - {{name: {folder.gateway_variable}, value: http://{folder.name}:8000}}" for folder in folders
    )
    names = ", ".join(folder.name for folder in folders)
    return _template(f"gateway/{name}").replace("            - URLS", urls).replace("SERVICES", names)


def _template(name: str) -> str:
    return f"{OURS}\n{(TEMPLATES / name).read_text(encoding='utf-8')}"


def stale(root: Path = ROOT) -> list[Path]:
    """Return the files that are missing, outdated or superfluous."""
    return [path.relative_to(root) for path in _stale(wanted(root), root)]


def write(root: Path = ROOT) -> list[Path]:
    """Update the files; return those that changed."""
    files = wanted(root)
    changed = _stale(files, root)
    written.write(files, changed)
    return [path.relative_to(root) for path in changed]


def _stale(files: dict[Path, str], root: Path) -> list[Path]:
    return written.stale(
        files, [*(root / FOLDER).rglob("*.yml"), root / GATEWAY_FOLDER / "kustomization.yml"], mark=OURS
    )
