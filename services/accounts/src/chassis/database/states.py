"""What an error of PostgreSQL means: whose fault it is, what a client is told, and which recipe helps an operator."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """Whose fault an error is, and so how a request is answered."""

    OUTAGE = "outage"
    """The database's: 503 `database-unavailable`."""
    TIMEOUT = "time-out"
    """It takes too long: 503 `database-unavailable`."""
    CONFLICT = "conflict"
    """Of two requests that met; the next attempt is likely to succeed: 503 `database-unavailable`."""
    NOT_MIGRATED = "not migrated"
    """A table, column or the like is missing: 503 `database-not-migrated`, but a bug if the schema is at head."""
    DOMAIN = "domain"
    """A constraint: an error of the domain (`constraint_errors`), else a bug."""
    BUG = "bug"
    """The statement's: 500 `internal-error`, with a stack trace in the log."""


@dataclass(frozen=True, slots=True)
class State:
    """Some of PostgreSQL's SQLSTATEs (appendix A of its manual), and what they mean."""

    codes: tuple[str, ...]
    """Whole ones, of five characters, and classes of them, of two."""
    kind: Kind
    told: str
    """The `detail` of the problem that is answered, if it is not the service's own or `internal-error`."""
    recipe: str
    """The heading in docs/operations.md, as it stands in a link."""


UNREACHABLE: Final = State(("08", "57", "58"), Kind.OUTAGE, "The database cannot be reached.", "the-database-is-down")
TOO_SLOW: Final = State(
    ("57014", "25P03", "25P04"), Kind.TIMEOUT, "The database did not answer in time.", "the-pool-is-exhausted"
)
OUTDATED: Final = State(
    ("0A000 cached plan must not change result type", "XX000 cache lookup failed"),
    Kind.CONFLICT,
    "The schema of the database has just changed.",
    "migrations",
)
BUG: Final = State(("",), Kind.BUG, "", "a-bad-deployment")

STATES: Final = (
    UNREACHABLE,
    State(("28", "3D000", "42501", "57P04"), Kind.OUTAGE, "The database refuses the service.", "the-database-is-down"),
    State(("25006",), Kind.OUTAGE, "The database cannot be written to.", "the-database-is-down"),
    State(("53",), Kind.OUTAGE, "The database has no resources left.", "the-pool-is-exhausted"),
    State(("53100",), Kind.OUTAGE, "The disk of the database is full.", "the-disk-is-full"),
    State(("53300",), Kind.OUTAGE, "The database has no connections left.", "connections-to-the-database"),
    TOO_SLOW,
    State(("55P03",), Kind.CONFLICT, "Another request holds a lock on the same data.", "the-pool-is-exhausted"),
    State(("40",), Kind.CONFLICT, "Another request changed the same data at the same time.", "requests-collide"),
    State(("40P01",), Kind.CONFLICT, "Two requests waited for each other; this one gave way.", "requests-collide"),
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
"""Every other state is a bug. A whole code counts before its class."""

_BY_CODE: Final = {code: state for state in STATES for code in state.codes}


def state_of(code: str) -> State:
    """What a SQLSTATE means."""
    return _BY_CODE.get(code) or _BY_CODE.get(code[:2]) or BUG
