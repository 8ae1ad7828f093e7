"""The service's commands: `python -m <package> serve | migrate | openapi | …`."""

from .chassis.uncaught import log_from_the_first_moment

if __name__ == "__main__":
    log_from_the_first_moment()

    from .chassis.commands import run  # a library that is missing becomes a log line

    run(__package__)
