"""Characters that look like those of ASCII and mean the same, but are others."""


def wide(text: str) -> str:
    """The text in full-width characters."""
    return "".join(chr(ord(character) + 0xFEE0) for character in text)
