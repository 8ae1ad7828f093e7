"""The service's commands: `python -m <package> serve | migrate | openapi | check`."""

from .chassis.commands import run

if __name__ == "__main__":
    run(__package__)
