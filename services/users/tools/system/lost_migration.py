"""Explains a database at a migration that the service has no file for: it was deleted, or is on another branch."""

import re
from pathlib import Path

from postgres.named import named_server
from system.service_folder import ServiceFolder

# As Alembic and the service's `migrate` say it. For `migrate` it is no error: old replicas serve during an update.
KNOWN = (r"Can't locate revision identified by '([^']+)'", r"the schema is at ([^\"]+), from a newer release")


def advice_on(output: str, service: ServiceFolder, data: Path) -> str | None:
    """Return what happened and what to do, if the output of a program reports such a migration.

    `data`: the folder of the databases.
    """
    found = next((found for text in KNOWN if (found := re.search(text, output))), None)
    if not found:
        return None
    empty = f"drop the database {service.database}" if named_server() else f"stop `serve` and delete {data.absolute()}"
    return (
        f"The database of {service.name} is at migration {found[1]}, which has no file in migrations/versions.\n"
        f"Restore the file from git, or from the branch that has it; to start over with empty databases, {empty}."
    )
