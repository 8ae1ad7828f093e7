"""What can be wrong with a request to any part of this service; `str(error)` is the sentence shown to the client.

The errors of one entity stand with it, in `entities`.
"""


class InvalidValue(ValueError):
    """A value breaks a rule; `reason` completes the sentence "The <field> …" and never repeats the value."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"The {self.field.replace('_', ' ')} {self.reason}."
