"""The service's commands: `python -m <package> serve | migrate | openapi | …`."""

from chassis.early_logging import start_logging

from . import IDENTITY

if __name__ == "__main__":
    start_logging(IDENTITY)

    from chassis.process.commands import run  # imported here, so that a missing library is logged

    run(__package__, IDENTITY)
