import ast
import re
from pathlib import Path


def sessions(noxfile: Path) -> set[str]:
    """The names of the sessions of a noxfile."""
    found = set()
    for node in ast.parse(noxfile.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any("session" in ast.unparse(each) for each in node.decorator_list):
            named = [re.search(r"name='([\w-]+)'", ast.unparse(each)) for each in node.decorator_list]
            found.add(next((match[1] for match in named if match), node.name))
    return found
