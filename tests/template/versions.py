from pathlib import Path

from working_copy import Copy

from rendering import belongs_to_service


def own_files(service: Path) -> dict[str, bytes]:
    """The content of the files that belong to the service itself."""
    paths = [path for path in service.rglob("*") if path.is_file()]
    return {
        path.relative_to(service).as_posix(): path.read_bytes()
        for path in paths
        if belongs_to_service(path.relative_to(service))
    }


def change_template(copy: Copy) -> str:
    """A next version: one owned file changed, one added, one removed, one renamed, one seed changed and one dropped."""
    copy.append("template/noxfile.py", "# changed\n")
    copy.write("template/docs/added.md", "Added.\n")
    (copy.root / "template/.editorconfig").unlink()
    (copy.root / "template/tools/import_contracts.py").rename(copy.root / "template/tools/contracts.py")
    package = copy.root / "template/src/{{ package }}"
    (package / "core/errors.py.jinja").unlink()
    copy.append(f"{package.relative_to(copy.root)}/main.py.jinja", "# a changed seed\n")
    copy.write(f"{package.relative_to(copy.root)}/core/added.py", "# a new seed\n")
    return copy.commit("Change the template")
