"""Numbers that can be read at any time, such as the length of a queue; they cost a request nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Reading = tuple[float, Mapping[str, str | int]]
"""A value and what it is about: OpenTelemetry's attributes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A metric of which somebody reads the present state; `chassis.telemetry` does so where it is on.

    Several may have the same name, and then differ in their attributes.
    """

    name: str
    unit: str
    """In UCUM, as OpenTelemetry has it: `s`, `By`, `{connection}`."""
    description: str
    read: Callable[[], Iterable[Reading]]
    """Called in a thread of its own."""
    kind: Literal["gauge", "sum", "total"] = "gauge"
    """`sum`: it rises and falls, and adds up over processes; `total`: it only rises; `gauge`: it does not add up."""


@runtime_checkable
class Measured(Protocol):
    """What has numbers to read."""

    def measurements(self) -> list[Measurement]:
        """All of them, whether anybody reads them or not."""
        ...
