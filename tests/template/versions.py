from pathlib import Path

from working_copy import Copy

from template.rendering import belongs_to_service


def own_files(service: Path) -> dict[str, bytes]:
    """Return the content of the files that the service owns."""
    paths = [path for path in service.rglob("*") if path.is_file()]
    return {
        path.relative_to(service).as_posix(): path.read_bytes()
        for path in paths
        if belongs_to_service(path.relative_to(service))
    }


def commit_version(copy: Copy, message: str) -> str:
    """Commit a changed template with the list of its owned files."""
    copy.write_list_of_owned_files()
    return copy.commit(message)


def change_template(copy: Copy) -> str:
    """Write the next version: owned files changed, added, removed and renamed, one seed changed and one dropped."""
    copy.append("template/noxfile.py", "# changed\n")
    copy.write("template/docs/added.md", "Added.\n")
    (copy.root / "template/.editorconfig").unlink()
    (copy.root / "template/tools/import_contracts.py").rename(copy.root / "template/tools/contracts.py")
    package = copy.root / "template/src/{{ package }}"
    (package / "core/errors.py").unlink()
    copy.append(f"{package.relative_to(copy.root)}/main.py.jinja", "# a changed seed\n")
    copy.write(f"{package.relative_to(copy.root)}/core/added.py", "# a new seed\n")
    return commit_version(copy, "Change the template")


def change_questions(copy: Copy) -> str:
    """Write the version after that: a new question, an added file dropped, and a dropped one restored."""
    copy.append("copier.yml", "\ncolour:\n  type: str\n  default: red\n")
    copy.write("template/docs/colour.md.jinja", "{{ colour }}\n")
    (copy.root / "template/docs/added.md").unlink()
    dropped = ("template/.editorconfig", "template/src/{{ package }}/core/errors.py")
    copy.git("checkout", "--quiet", "HEAD~1", "--", *dropped)
    return commit_version(copy, "Change the questions")


def give_away(copy: Copy) -> str:
    """Write the version after that: the service now owns a changed file, and another owned file changes again."""
    questionnaire = copy.root / "copier.yml"
    first = "  - /src/*_service/main.py\n"
    content = questionnaire.read_text(encoding="utf-8")
    assert first in content
    questionnaire.write_text(content.replace(first, f"{first}  - /README.md\n"), encoding="utf-8")
    copy.append("template/README.md.jinja", "Changed.\n")
    noxfile = copy.root / "template/noxfile.py"
    noxfile.write_text(noxfile.read_text(encoding="utf-8").replace("# changed\n", "# once more\n"), encoding="utf-8")
    return commit_version(copy, "Give a file away")
