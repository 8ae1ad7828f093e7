"""How a user calls the tools, for usage lines and advice: through nox, which passes on what was typed."""

import os

VARIABLE = "ALLIUM_COMMAND"  # set by the noxfile of a repository with several services
ALONE = "nox -s {} --"


def command(session: str) -> str:
    """Return the command that runs a session, to be followed by its arguments."""
    return os.environ.get(VARIABLE, ALONE).format(session)
