"""Numbers that can be read at any time, such as the length of a queue, at no cost for requests."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Reading = tuple[float, Mapping[str, str | int]]
"""A value and its OpenTelemetry attributes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A metric whose current value is read regularly, by `chassis.telemetry` if it is on.

    Several may have the same name, with different attributes.
    """

    name: str
    unit: str
    """In UCUM, as in OpenTelemetry: `s`, `By`, `{connection}`."""
    description: str
    read: Callable[[], Iterable[Reading]]
    """Returns the current values. Called in another thread."""
    kind: Literal["gauge", "sum", "total"] = "gauge"
    """`sum`: rises and falls, and adds up across processes; `total`: only rises; `gauge`: does not add up."""


@runtime_checkable
class Measured(Protocol):
    """An object with measurements."""

    def measurements(self) -> list[Measurement]:
        """Return all its measurements."""
        ...
