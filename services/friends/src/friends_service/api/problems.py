"""Problems for the errors that all entities share. Those of one entity are next to its routes."""

from typing import Final

from chassis.problems import INVALID_REQUEST, ProblemFor, invalid_field

from ..core.errors import InvalidValue

COMMON_PROBLEMS: Final = (
    ProblemFor(
        InvalidValue,
        INVALID_REQUEST,
        members=lambda error: {"errors": [invalid_field(error.field, detail=str(error))]},
    ),
)
