"""A small service around the chassis, with routes that misbehave. Run it with `python -m sample_service`."""

from typing import Final

from chassis.identity import Identity

IDENTITY: Final = Identity(
    name="sample",
    title="Sample",
    description="Has what tests of the chassis need.",
    default_port=8765,
    version="1.2.3",
)
