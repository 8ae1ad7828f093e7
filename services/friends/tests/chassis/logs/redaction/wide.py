"""Unicode characters that look like ASCII ones and mean the same."""


def wide(text: str) -> str:
    """Return the text in full-width characters."""
    return "".join(chr(ord(character) + 0xFEE0) for character in text)
