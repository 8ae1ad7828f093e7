"""Unusual but valid answers, from which the tests generate services."""

from typing import Any

from pairwise import Row, all_pairs, each_value

LONGEST = "_with_a_name_of_thirty_two_chars"
VALUES: dict[str, dict[str, Any]] = {
    "service_name": {
        "usual": "orders",
        "one letter": "x",
        "keyword": "class",
        "standard library": "json",
        "longest": f"s{LONGEST[1:]}".replace("_", "-"),
    },
    "entity": {
        "usual": "order_line",
        "one letter": "y",
        "keyword": "class",
        "standard library": "uuid",
        "reserved by SQL": "user",
        "longest": f"e{LONGEST[1:]}",
    },
    "entity_plural": {
        "usual": "order_lines",
        "one letter": "z",
        "standard library": "types",
        "reserved by SQL": "select",
        "longest": f"p{LONGEST[1:-2]}",
    },
    "description": {
        "usual": "Manages what was ordered.",
        "quotes, lines and Jinja": "It's \"{{ x }}\" and 'y',\n<b>é ☃ 😀 \\ {% raw %} $HOME # end",
        "long": "Does " + "a lot of " * 30 + "things.",
    },
    "port": {"lowest": 1024, "usual": 8000, "highest": 65535},
    "upstreams": {"none": [], "one": ["users"], "two": ["json-2", "a"]},
    "extra_dependencies": {"none": [], "one": ["humanize>=4"], "two": ["Humanize", "tzdata; python_version < '9'"]},
    "extra_dev_dependencies": {"none": [], "one": ["pyjokes>=0.8"]},
    "kubernetes": {"no": False, "yes": True},
    "extra_packages": {"none": [], "two": ["ffmpeg", "libstdc++6"]},
    "extra_gitignore": {"none": [], "two": ["/data/", "!{{ x }} # \\"]},
    "ci": {"github": "github", "gitlab": "gitlab", "none": "none"},
}
ROWS = all_pairs({question: list(choice) for question, choice in VALUES.items()})
"""Any two values of different questions meet in one of these."""

FEW_ROWS = each_value(ROWS)
"""Each value is in one of these."""


def answers(row: Row) -> dict[str, Any]:
    """Return the answers of a row."""
    return {question: VALUES[question][value] for question, value in row.items()}


def name(row: Row) -> str:
    """Return a name for a row: its unusual values."""
    return ", ".join(f"{question} {value}" for question, value in sorted(row.items()) if value not in {"usual", "none"})
