"""Errors that all entities share. `str(error)` is shown to the client.

The errors of one entity are next to it, in `entities`.
"""


class InvalidValue(ValueError):
    """A value breaks a rule. `reason` completes the sentence "The <field> …", without the value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"The {self.field.replace('_', ' ')} {self.reason}."
