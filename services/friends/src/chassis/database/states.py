"""What a PostgreSQL error means: its kind, the detail for the client, and the recipe for the operator."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """The cause of an error, which decides the response."""

    OUTAGE = "outage"
    """The database is unavailable: 503 `database-unavailable`."""
    TIMEOUT = "time-out"
    """The database takes too long: 503 `database-unavailable`."""
    CONFLICT = "conflict"
    """Two requests conflict, and a retry is likely to succeed: 503 `database-unavailable`."""
    NOT_MIGRATED = "not migrated"
    """A table, column or the like is missing: 503 `database-not-migrated`, or a bug if the schema is at head."""
    DOMAIN = "domain"
    """A constraint is violated: a domain error (`constraint_errors`), otherwise a bug."""
    BUG = "bug"
    """The statement is at fault: 500 `internal-error`, with a stack trace in the log."""


@dataclass(frozen=True, slots=True)
class State:
    """A group of PostgreSQL's SQLSTATEs (appendix A of its manual), and what they mean."""

    codes: tuple[str, ...]
    """Codes of five characters, and classes of two."""
    kind: Kind
    told: str
    """The `detail` of the problem. Empty for domain errors and bugs."""
    recipe: str
    """The anchor of the heading in docs/operations.md."""


UNREACHABLE: Final = State(("08", "57", "58"), Kind.OUTAGE, "The database is unreachable.", "the-database-is-down")
TOO_SLOW: Final = State(
    ("57014", "25P03", "25P04"), Kind.TIMEOUT, "The database did not respond in time.", "the-pool-is-exhausted"
)
OUTDATED: Final = State(
    ("0A000 cached plan must not change result type", "XX000 cache lookup failed"),
    Kind.CONFLICT,
    "The database schema has just changed.",
    "migrations",
)
BUG: Final = State(("",), Kind.BUG, "", "a-bad-deployment")

STATES: Final = (
    UNREACHABLE,
    State(("28", "3D000", "42501", "57P04"), Kind.OUTAGE, "The database refuses the service.", "the-database-is-down"),
    State(("25006",), Kind.OUTAGE, "The database cannot be written to.", "the-database-is-down"),
    State(("53",), Kind.OUTAGE, "The database is out of resources.", "the-pool-is-exhausted"),
    State(("53100",), Kind.OUTAGE, "The database's disk is full.", "the-disk-is-full"),
    State(("53300",), Kind.OUTAGE, "The database has no free connections.", "connections-to-the-database"),
    TOO_SLOW,
    State(("55P03",), Kind.CONFLICT, "Another request holds a lock on the same data.", "the-pool-is-exhausted"),
    State(("40",), Kind.CONFLICT, "Another request changed the same data at the same time.", "requests-collide"),
    State(("40P01",), Kind.CONFLICT, "This request was cancelled to end a deadlock.", "requests-collide"),
    OUTDATED,
    State(
        ("42P01", "42703", "42704", "42883", "3F000"),
        Kind.NOT_MIGRATED,
        "The database has not been migrated to this release.",
        "migrations",
    ),
    State(("23",), Kind.DOMAIN, "", "a-bad-deployment"),
    BUG,
)
"""Every other state is a bug. A code takes precedence over its class."""

_BY_CODE: Final = {code: state for state in STATES for code in state.codes}


def state_of(code: str) -> State:
    """Return the state of a SQLSTATE."""
    return _BY_CODE.get(code) or _BY_CODE.get(code[:2]) or BUG
