"""The template of owned.txt: digests of what the template renders.

Those of plain files are written down here; what holds Jinja is rendered into the digest, for the answers of a service.
So a service has its manifest from a plain `copier copy`, which may run no code of the template.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from layout import ROOT, listed
from template.comparison import is_executable
from template.rendering import belongs_to_service, questionnaire, service_files

NAME = "template/tools/updates/owned.txt.jinja"
LEFT_OUT = {NAME, "template/{{ _copier_conf.answers_file }}.jinja"}
HEAD = """\
{#- Written by `./noxw -s sync`, which see: tools/template/manifest.py. -#}
{% macro rendered(name) %}{% include name ignore missing %}{% endmacro -%}
{% macro answers() %}{% for name, answer in _copier_answers | dictsort if name[0] != '_' -%}
{{ [name, answer] | to_json }}
{% endfor %}{% endmacro -%}
{% set lines -%}
answers {{ answers() | hash('sha256') }}
"""
TAIL = """\
{% endset -%}
{{ lines | hash('sha256') }}
{{ lines -}}
"""
CONDITION = re.compile(r"({% if .*? %})(.*?){% endif %}")


def _owned(root: Path) -> Iterator[Path]:
    for path in listed(root, "template"):
        becomes = _unconditional(path).replace("{{ package }}", "any_service")
        if path.as_posix() not in LEFT_OUT and not belongs_to_service(Path(becomes)):
            yield path


def _target(path: Path) -> str:
    return path.relative_to("template").as_posix().removesuffix(".jinja")


def _unconditional(path: Path) -> str:
    return CONDITION.sub(r"\2", _target(path))


def _line(root: Path, path: Path) -> str:
    mode = "755" if is_executable(root / path) else "644"
    digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
    if path.suffix == ".jinja":
        digest = f"{{{{ rendered({path.as_posix()!r}) | hash('sha256') }}}}"
    condition = CONDITION.search(_target(path))
    line = f"{mode} {digest} {_unconditional(path)}\n"
    return f"{condition[1]}{line}{{% endif -%}}\n" if condition else line


def wanted(root: Path = ROOT) -> str:
    """Return the required content of the file for the current template."""
    own = "".join(f"own {pattern}\n" for pattern in service_files(questionnaire()))
    return HEAD + own + "".join(_line(root, path) for path in _owned(root)) + TAIL


def stale(root: Path = ROOT) -> bool:
    """Return whether the file is missing or outdated."""
    file = root / NAME
    return not file.is_file() or file.read_text(encoding="utf-8") != wanted(root)


def write(root: Path = ROOT) -> bool:
    """Update the file; return whether that changed it."""
    changed = stale(root)
    if changed:
        (root / NAME).write_text(wanted(root), encoding="utf-8")
    return changed
